"""The chapter in plain NumPy: one network, arrays in, arrays out. It is the oracle of all tests."""
