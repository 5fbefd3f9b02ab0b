"""The client's distribution: small, of its own, and whole."""

import ast
import io
import shutil
import subprocess
import sys
import tokenize
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "clients" / "python"
MODULES = sorted((FOLDER / "perpetua_client").glob("*.py"))
NO_CODE = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENDMARKER,
}  # fmt: skip


def lines_of_code(path: Path) -> int:
    """Count lines, without those that are empty, comments or docstrings."""
    text = path.read_text()
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines.difference_update(range(node.lineno, (node.end_lineno or 0) + 1))
    return len(lines)


def test_it_is_under_300_lines_of_code() -> None:
    assert sum(map(lines_of_code, MODULES)) < 300


def test_it_imports_nothing_but_httpx_and_what_python_has() -> None:
    allowed = sys.stdlib_module_names | {"httpx"}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert {each.name.partition(".")[0] for each in node.names} <= allowed, path
            if isinstance(node, ast.ImportFrom) and not node.level:
                assert (node.module or "").partition(".")[0] in allowed, path


def test_its_wheel_has_the_code_the_types_and_the_licence(tmp_path: Path) -> None:
    source = shutil.copytree(FOLDER, tmp_path / "source")  # a build leaves things behind
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(tmp_path), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    [wheel] = tmp_path.glob("perpetua_client-*-py3-none-any.whl")
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        [metadata] = [archive.read(each).decode() for each in names if each.endswith("/METADATA")]
    inside = {each for each in names if ".dist-info/" not in each}
    assert inside == {f"perpetua_client/{p.name}" for p in MODULES} | {"perpetua_client/py.typed"}
    assert any(each.endswith("/licenses/LICENSE") for each in names)
    for line in (
        "Name: perpetua-client",
        "Requires-Python: >=3.11",
        "License-Expression: Apache-2.0",
    ):
        assert f"{line}\n" in metadata
    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist")]
    assert required == ["Requires-Dist: httpx<1,>=0.27"]
    target = tmp_path / "installed"
    install = ["install", "--quiet", "--no-index", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True, timeout=60)
    assert (target / "perpetua_client" / "py.typed").exists()


def test_its_licence_is_that_of_the_fabric() -> None:
    assert (FOLDER / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
