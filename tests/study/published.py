"""Data of published worked examples that more than one test uses."""

from __future__ import annotations

# Efron & Tibshirani, An Introduction to the Bootstrap (1993), table 2.1: survival in days.
MICE_TREATED = [94.0, 197.0, 16.0, 38.0, 99.0, 141.0, 23.0]
MICE_CONTROL = [52.0, 104.0, 146.0, 10.0, 51.0, 30.0, 40.0, 27.0, 46.0]

# Darwin's maize, heights in inches, in Fisher, The Design of Experiments (1935), chapter 3.
CROSSED = [
    *(23.5, 12.0, 21.0, 22.0, 19.125, 21.5, 22.125, 20.375),
    *(18.25, 21.625, 23.25, 21.0, 22.125, 23.0, 12.0),
]
SELFED = [
    *(17.375, 20.375, 20.0, 20.0, 18.375, 18.625, 18.625, 15.25),
    *(16.5, 18.0, 16.25, 18.0, 12.75, 15.5, 18.0),
]
