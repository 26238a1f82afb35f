"""Plays NAME_vectors.csv to the module NAME and compares every output, before and after every rising edge of the clock.

With cocotb 2 and Icarus Verilog: python3 hge_cocotb.py [NAME ...], in the folder of the files; without names, every table there.
A column in.PORT is the value of an input in that clock, low.PORT and high.PORT are those of an output; all hexadecimal.
"""

import csv
import os
import sys
from pathlib import Path

import cocotb
from cocotb.triggers import Timer


@cocotb.test()
async def outputs_are_those_of_the_table(dut):
    folder = Path(os.environ["HGE_VECTORS"])
    with open(folder / f"{dut._name}_vectors.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    for clock, row in enumerate(rows):
        dut.clock.value = 0
        for column, text in row.items():
            kind, _, port = column.partition(".")
            if kind == "in":
                getattr(dut, port).value = int(text, 16)
        for kind in ("low", "high"):
            dut.clock.value = int(kind == "high")
            await Timer(1, "step")
            for column, text in row.items():
                if column.startswith(kind + "."):
                    port = column.partition(".")[2]
                    got = getattr(dut, port).value
                    width = len(got) if hasattr(got, "__len__") else 1
                    expected = f"{int(text, 16):0{width}b}"
                    assert str(got) == expected, f"clock {clock}: {port} is {got}, expected {expected}"
    dut._log.info("%d clocks agree", len(rows))


def main():
    from cocotb_tools.runner import get_results, get_runner

    folder = Path.cwd()
    tables = sorted(path.name.removesuffix("_vectors.csv") for path in folder.glob("*_vectors.csv"))
    for name in sys.argv[1:] or tables:
        runner = get_runner("icarus")
        build = folder / "build" / name
        runner.build(sources=[folder / f"{name}.v"], hdl_toplevel=name, build_dir=build, build_args=["-g2012"], always=True)
        results = runner.test(
            hdl_toplevel=name,
            test_module="hge_cocotb",
            build_dir=build,
            test_dir=folder,
            results_xml=str(build / "results.xml"),
            extra_env={"HGE_VECTORS": str(folder)},
        )
        tests, failed = get_results(results)
        if failed or not tests:
            sys.exit(f"{name}: {failed} of {tests} tests failed")
        print(f"{name} agrees")


if __name__ == "__main__":
    main()
