"""The device that a name stands for, and the settings under which work on it can be repeated."""

import os

import pytest
import torch

from goalsplice.agent import device
from goalsplice.io.errors import StudyError


def pretend(monkeypatch, gpu: bool, cuda: str | None = "12.6") -> None:
    """A PyTorch built for this CUDA, if any, on a machine with or without a GPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.version, "cuda", cuda)


@pytest.mark.parametrize(
    ("name", "gpu", "expected"),
    [
        ("cpu", True, "cpu"),
        ("cpu", False, "cpu"),
        ("auto", False, "cpu"),
        ("auto", True, "cuda:0"),
        ("cuda", True, "cuda:0"),
    ],
)
def test_names_are_resolved(monkeypatch, name, gpu, expected):
    pretend(monkeypatch, gpu)
    assert device.resolve(name) == torch.device(expected)


@pytest.mark.parametrize(("cuda", "why"), [(None, "is built without CUDA"), ("12.6", "sees no GPU here")])
def test_cuda_without_a_gpu_is_one_sentence_with_the_mend(monkeypatch, cuda, why):
    pretend(monkeypatch, False, cuda)
    with pytest.raises(StudyError, match=f"device is cuda, but PyTorch .* {why}; set device to cpu or auto") as error:
        device.resolve("cuda")
    assert "\n" not in str(error.value)


def test_an_unknown_device_is_named():
    with pytest.raises(StudyError, match="device is 'gpu'; set it to one of cpu, cuda, auto"):
        device.resolve("gpu")


def test_a_gpu_is_known_by_its_model(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"Some GPU {device.index}")
    assert device.model_of(torch.device("cpu")) == "cpu"
    assert device.model_of(torch.device("cuda", 1)) == "cuda Some GPU 1"


def settings() -> tuple:
    """All that `reproducible` sets."""
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.utils.deterministic.fill_uninitialized_memory,
        torch.get_float32_matmul_precision(),
        os.environ.get("CUBLAS_WORKSPACE_CONFIG"),
    )


@pytest.mark.parametrize(("precision", "tf32"), [("float32", False), ("medium", True)])
def test_settings_hold_inside_and_are_put_back(monkeypatch, precision, tf32):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    before = settings()

    def fail_inside():
        with device.reproducible(precision):
            assert settings() == (True, False, False, device.MATMUL_PRECISION[precision], ":4096:8")
            assert torch.backends.cuda.matmul.allow_tf32 == tf32
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert settings() == before


def test_settings_of_the_users_own_stay(monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        before = settings()
        with device.reproducible("float32"):
            assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"
            assert not torch.is_deterministic_algorithms_warn_only_enabled()
        assert settings() == before
    finally:
        torch.use_deterministic_algorithms(False)
