"""The hot loop of exhaustive search, compiled; all else is in pyproject.toml.

Where it cannot be built, NumPy does its work: slower, with the same results. One build is for every Python from 3.11 on.
"""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "tdisprove.explore.explicit._kernel",
            sources=["explore/explicit/kernel.c"],
            depends=["explore/explicit/expand.h"],
            py_limited_api=True,
            optional=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
