"""Tables made of tables: estimates, intervals, tests, ranks. No module here loads a network."""
