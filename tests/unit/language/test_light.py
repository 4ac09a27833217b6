"""What the web tier takes from the language room stays light: no spaCy, no scikit-learn."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
HEAVY = ("spacy", "sklearn", "scipy", "numpy", "jieba", "rasa", "tensorflow")


def test_languages_menus_and_wording_import_nothing_heavy() -> None:
    code = (
        "import sys, tenin.language.languages, tenin.language.menus, tenin.language.wording\n"
        "import tenin.language.requests\n"
        "tenin.language.languages.detect('我的订单'), tenin.language.requests.requested('中文')\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
