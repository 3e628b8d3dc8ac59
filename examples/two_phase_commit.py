"""The classic two-phase commit, as an example of a machine of your own.

A transaction manager asks resource managers to prepare; it commits when all are prepared, and may abort
at any time before. Consistency: no resource manager commits while another aborts.
"""

from tdisprove.model.language import Event, Index, Machine, Model, Party, System, enum, forall, neg, param
from tdisprove.properties import Invariant, Property

RM = Index("rm")
r, s = param("r", RM), param("s", RM)

tm = Machine("tm")
decision = tm.var("decision", enum("Decision", "open", "commit", "abort"), init="open")
rm = Machine("rm", over=(RM,))
state = rm.array("state", enum("RmState", "working", "prepared", "committed", "aborted"), init="working")

commit, abort = Event("commit", actor=Party("tm")), Event("abort", actor=Party("tm"))
prepare, learn = Event("prepare", (r,), actor=Party("rm")), Event("learn", (r,), actor=Party("rm"))

tm.rule(commit, when=[decision == "open", forall(r, state[r] == "prepared")], set={decision: "commit"})
tm.rule(abort, when=[decision == "open"], set={decision: "abort"})
rm.rule(prepare, when=[state[r] == "working"], set={state[r]: "prepared"})
rm.rule(learn, name="commit", when=[decision == "commit", state[r] == "prepared"], set={state[r]: "committed"})
rm.rule(learn, name="abort", when=[decision == "abort", state[r] != "aborted"], set={state[r]: "aborted"})

CONSISTENT = Property(
    id="consistent",
    says="No resource manager commits while another has aborted.",
    formula=Invariant(forall(r, forall(s, neg((state[r] == "committed") & (state[s] == "aborted"))))),
)


MODEL = Model.of("two-phase commit", tm, rm)


def two_phase_commit(resource_managers: int) -> System:
    return MODEL.instantiate({"rm": resource_managers})


# What `tdisprove check examples/two_phase_commit.py` looks for; `tdisprove prove … --any rm` looks for MODEL as well.
SYSTEM = two_phase_commit(3)
PROPERTIES = [CONSISTENT]
