# Outputs that say that something else made them than what would make them now are made again, whatever Snakemake knows.
#
# Snakemake compares with its own records in .snakemake/, by path and time: these may be lost, or be of other files than
# those that lie there now. Included last, when all rules are known.


@functools.cache
def record_of(path):
    try:
        return records.recorded(path)
    except StudyError as error:
        raise WorkflowError(str(error)) from None


def expected_of(maker, wildcards):
    """What would make a job's outputs now."""
    made = maker.params.made
    made = json.loads(made(wildcards) if callable(made) else made)
    arm, seed = wildcards.get("arm"), wildcards.get("seed")
    run = {} if seed is None else {"arm": arm, "seed": int(seed), "recipe": provenance.digest(ALL_RECIPES[arm])}
    return provenance.Provenance(code=made["code"], settings=made["settings"], **run)


def content_of(path):
    """The content digest that a table or checkpoint has now."""
    if os.path.exists(path):
        return record_of(path)[1]
    # Snakemake does without what a file was made from if that is gone. But a job that failed leaves its inputs' makers
    # and itself without outputs, and what was made of these before is of another study. Who has tables alone may draw.
    return provenance.GONE if os.path.isdir("results/runs") else None


def why_again(maker, outputs, wildcards):
    """Why a job's outputs, of which some are there, are to be made again; None if they need not."""
    for path in outputs:
        if not os.path.exists(path):
            return f"{path} is missing, which is made with others that are there"
        found = provenance.difference(path, record_of(path)[0], expected_of(maker, wildcards), content_of)
        if found:
            return f"{path}: {found}"
    return None


REPORTED = set()
LIBRARIES = provenance.libraries()


def report_once(subject, sentence):
    """Say something about many files once, with the first of them."""
    if subject not in REPORTED:
        REPORTED.add(subject)
        logger.info(sentence)


def unchanged(maker):
    """An input function without inputs: while the plan is made, it forces the job if its outputs are not current."""

    def check(wildcards):
        outputs = maker.expand_output(wildcards)[0]
        # A cluster's job is a Snakemake too; its plan was made before.
        if not workflow.is_main_process or not any(os.path.exists(path) for path in outputs):
            return []
        why = why_again(maker, outputs, wildcards)
        if why:
            workflow.dag.forcefiles.update(outputs)
            name = maker.name
            report_once(name, f"Rule {name} runs again where its outputs are not current. {why}.")
        elif versions := provenance.other_libraries(record_of(outputs[0])[0], LIBRARIES):
            report_once(
                versions,
                f"Results that were made with other versions are kept, {outputs[0]} among them ({versions}). To have "
                "all made with the same: --forceall.",
            )
        return []

    return check


for maker in workflow.rules:
    if hasattr(maker.params, "made") and maker.output:
        maker.set_input(unchanged(maker))
