import hashlib
import json
import sys
from pathlib import Path

import pytest

from sim.cli import main
from sim.errors import InputError
from sim.policies import FollowHeadroom
from sim.policies.plugin import Plugins
from sim.scenario import load_scenario
from sim.simulation import provenance, run, run_key
from sim.testing import check_policy

ROOT = Path(__file__).parents[3]
SCENARIO = """
schema_version: 1
name: own-policy
start: "2026-01-01T00:00:00-06:00"
days: 0.05
interconnection: {limit_mw: 100.0}
fleets:
  - {name: miners, type: aggregate, rated_mw: 60.0, ramp_up_mw_per_s: 1.0, ramp_down_mw_per_s: 5.0,
     efficiency_j_per_th: 17.5}
policy: {type: "half.py:Half", share_fraction: 0.25}
"""
HALF = '''
from sim.policies import Decision
from sim.policies.base import StatelessPolicy
from pathlib import Path

Path(__file__).with_name("ran").write_text("yes")

class Half(StatelessPolicy):
    """Draw a share of the limit."""

    share_fraction: float = 0.5
    marks_mw: tuple[float, ...] = ()

    def decide(self, observation):
        return Decision(self.share_fraction * observation.limit_mw, "half")
'''
WRAPPER = """
from __future__ import annotations
from sim.policies import Decision, AnyPolicy, WrapperSpec

class Halved(WrapperSpec):
    def start(self):
        return Halving(self.inner.start())

class Halving:
    def __init__(self, inner):
        self._inner = inner

    def decide(self, observation):
        wish = self._inner.decide(observation)
        return wish._replace(target_mw=wish.target_mw / 2.0)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "own.yaml").write_text(SCENARIO)
    (tmp_path / "half.py").write_text(HALF)
    (tmp_path / "halved.py").write_text(WRAPPER)
    return tmp_path


def load(folder, *, allow_plugins=True, **overrides):
    fields = {name.replace("__", "."): value for name, value in overrides.items()}
    return load_scenario(folder / "own.yaml", overrides=fields, allow_plugins=allow_plugins)


def refusal(folder, **overrides):
    with pytest.raises(InputError) as refused:
        load(folder, **overrides)
    return str(refused.value)


def test_a_file_beside_the_scenario_steers_the_fleets(folder):
    recording = run(load(folder)).recording

    assert recording["fleet_target_mw"].maximum() == 25.0


def test_without_the_flag_no_code_runs_and_the_fault_says_what_to_do(folder):
    message = refusal(folder, allow_plugins=False)

    assert "own.yaml:10:10 policy.type" in message
    assert "--allow-plugins" in message
    assert not (folder / "ran").exists()


def test_faults_of_a_plugin_are_said_like_those_of_our_own_policies(folder):
    message = refusal(folder, policy__share_fraction="a half", policy__share_fractions=1.0)

    assert "policy.share_fraction: must be a number" in message
    assert "policy.share_fractions: unknown key; did you mean 'share_fraction'?" in message


def test_a_plugin_takes_lists_as_our_own_policies_do(folder):
    assert load(folder, policy__marks_mw=[1.0, 2.0]).policy.marks_mw == (1.0, 2.0)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("half.py:Third", "nothing of this name"),
        ("half.py:Decision", "derived from sim.policies.PolicySpec, got the class Decision"),
        ("none.py:Half", "no file none.py in"),
        ("../half.py:Half", "without .."),
        ("/etc/half.py:Half", "must be a path relative"),
        ("no_such_module_xyz:Half", "No module named"),
        ("half.py:Half:Half", "must be module:Class or file.py:Class"),
        ("wrong name:Half", "must be module:Class or file.py:Class"),
        ("broken.py:Half", "broken.py:2: ZeroDivisionError"),
        ("syntax.py:Half", "SyntaxError"),
    ],
)
def test_what_is_no_policy_is_refused_with_its_reason(folder, kind, said):
    (folder / "broken.py").write_text("\nx = 1 / 0\n")
    (folder / "syntax.py").write_text("x = (\n")

    message = refusal(folder, policy={"type": kind})

    assert "policy.type" in message
    assert said in message


def test_a_link_out_of_the_folder_is_not_followed(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "half.py"
    outside.write_text(HALF)
    (folder / "link.py").symlink_to(outside)

    assert "link that leads out" in refusal(folder, policy={"type": "link.py:Half"})


def test_the_run_key_follows_the_source_and_provenance_holds_its_hash(folder):
    before = load(folder)
    (folder / "half.py").write_text(HALF + "\n# another line\n")
    after = load(folder)

    assert run_key(before) != run_key(after)
    digest = hashlib.sha256((folder / "half.py").read_bytes()).hexdigest()
    assert provenance(after)["inputs_sha256"] == {"half.py": digest}


def test_our_wrappers_stand_around_a_plugin(folder):
    inner = {"type": "half.py:Half", "share_fraction": 0.3}
    scenario = load(folder, policy={"type": "price-guard", "threshold_usd_per_mwh": 1000.0, "inner": inner})

    assert run(scenario).recording["fleet_target_mw"].maximum() == 30.0
    assert set(scenario.inputs_sha256()) == {"half.py"}
    assert scenario.model_dump(mode="json")["policy"]["inner"]["type"] == "half.py:Half"


def test_a_plugin_stands_around_our_policies_and_others_from_outside(folder):
    around_ours = load(folder, policy={"type": "halved.py:Halved", "inner": {"type": "always-on"}})
    around_own = load(folder, policy={"type": "halved.py:Halved", "inner": {"type": "half.py:Half"}})

    assert run(around_ours).recording["fleet_target_mw"].maximum() == 30.0
    assert run(around_own).recording["fleet_target_mw"].maximum() == 25.0
    assert set(around_own.inputs_sha256()) == {"half.py", "halved.py"}
    unknown = refusal(folder, policy={"type": "halved.py:Halved", "inner": {"type": "always-of"}})
    assert "policy.inner.type: unknown type 'always-of'" in unknown
    assert "did you mean 'always-on'" in unknown


def test_a_module_on_the_path_is_found(folder, monkeypatch):
    package = folder / "lib" / "own_policies_of_a_test"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "half.py").write_text(HALF)
    monkeypatch.syspath_prepend(str(folder / "lib"))

    scenario = load(folder, policy={"type": "own_policies_of_a_test.half:Half"})

    assert scenario.policy.share_fraction == 0.5
    assert set(scenario.inputs_sha256()) == {"own_policies_of_a_test.half"}
    for name in [name for name in sys.modules if name.startswith("own_policies_of_a_test")]:
        monkeypatch.delitem(sys.modules, name)


def test_a_file_is_run_once_for_all_that_name_it(folder):
    load(folder)
    (folder / "ran").unlink()
    load(folder)

    assert not (folder / "ran").exists()


def test_a_policy_of_our_own_has_no_source_from_outside():
    assert FollowHeadroom(type="follow-headroom").source_sha256 == {}


def test_the_example_passes_the_check():
    example = Plugins([ROOT / "scenarios"], allowed=True).find("plugins/pause_above_price.py:PauseAbovePrice")

    check_policy(example(type="plugins/pause_above_price.py:PauseAbovePrice").start)


def finish(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    return stopped.value.code or 0


def test_compare_in_worker_processes_takes_a_plugin_and_its_fields(folder, capsys):
    policies = "always-on half.py:Half half.py:Half:share_fraction=0.1"
    arguments = ["compare", str(folder / "own.yaml"), "--policies", policies, "--replications", "2"]
    out = folder / "out"

    assert finish(*arguments, "--json", "--workers", "2", "--allow-plugins", "--out", str(out)) == 0

    means = json.loads((out / "compare.json").read_text())["policies"]
    assert means["half.py:Half"]["fleet_energy_mwh"]["mean"] == pytest.approx(25.0 * 1.2, rel=0.02)
    assert means["half.py:Half:share_fraction=0.1"]["fleet_energy_mwh"]["mean"] < 12.1
    capsys.readouterr()
    assert finish(*arguments) == 2
    assert "--allow-plugins" in capsys.readouterr().err


def test_sweep_takes_a_plugin(folder, capsys):
    study = "schema_version: 1\nname: shares\nscenario: own\naxes: {policy.share_fraction: [0.1, 0.2]}\n"
    (folder / "shares.yaml").write_text(study)
    arguments = ["sweep", str(folder / "shares.yaml"), "--out", str(folder / "out"), "--workers", "2"]

    assert finish(*arguments) == 2
    assert finish(*arguments, "--allow-plugins") == 0
    assert len(list((folder / "out" / "runs").glob("??/*.json"))) == 2
    capsys.readouterr()


def test_check_policy_runs_on_a_file_and_says_what_is_wrong(folder, capsys):
    (folder / "wrong.py").write_text(HALF.replace("self.share_fraction *", "-1.0 *"))

    assert finish("check-policy", "half.py:Half:share_fraction=0.2", "--in", str(folder)) == 0
    assert "sound and repeatable" in capsys.readouterr().err
    assert finish("check-policy", "wrong.py:Half", "--in", str(folder)) == 2
    assert "the target must be 0 MW or more" in capsys.readouterr().err
    assert finish("check-policy", "half.py:Half:share_fractions=2", "--in", str(folder)) == 2
    assert "did you mean 'share_fraction'" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [("run",), ("compare", "--replications", "1", "--workers", "2")])
def test_what_a_policy_prints_is_no_result(folder, capfd, arguments):
    (folder / "half.py").write_text(HALF.replace("        return", "        print('loud')\n        return"))
    command, *rest = arguments
    policies = [] if command == "run" else ["--policies", "always-on"]
    assert finish(command, str(folder / "own.yaml"), *rest, *policies, "--json", "--allow-plugins") == 0
    assert json.loads(capfd.readouterr().out)


def test_what_a_policy_raises_is_one_plain_line_without_escape_codes(folder, capsys):
    raising = HALF.replace("        return", "        raise ValueError('red \\x1b[31m')\n        return")
    (folder / "half.py").write_text(raising)
    assert finish("run", str(folder / "own.yaml"), "--json", "--allow-plugins") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "the policy raised ValueError at 0 s: red \\x1b[31m\n"
