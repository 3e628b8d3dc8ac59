"""What is compiled: the hot loop of exhaustive search, and strongly connected components; all else is in pyproject.toml.

Where it cannot be built, NumPy and SciPy do its work: slower, with the same results. One build is for every Python from 3.11 on.
"""

from setuptools import Extension, setup
from setuptools.command.build_py import build_py


class BuildPy(build_py):
    """The root of the repository is the package, and this file lies in it without being one of its modules."""

    def find_package_modules(self, package, package_dir):
        return [found for found in super().find_package_modules(package, package_dir) if found[1] != "setup"]


setup(
    cmdclass={"build_py": BuildPy},
    ext_modules=[
        Extension(
            "tdisprove.explore.explicit._kernel",
            sources=["explore/explicit/kernel.c"],
            depends=["explore/explicit/expand.h"],
            py_limited_api=True,
            optional=True,
        ),
        Extension("tdisprove.explore._components", sources=["explore/components.c"], py_limited_api=True, optional=True),
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
