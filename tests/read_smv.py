"""An independent reader of SMV: the subset that is written, with the precedences of its manual, explored breadth first.

Expressions become Python ones; nothing of what writes the format is used.
"""

from __future__ import annotations

import re
from itertools import product
from types import CodeType

from tdisprove.bench.peers.peer import Answer

_TOKEN = re.compile(r"\s*(<->|->|:=|!=|<=|>=|\.\.|[A-Za-z_]\w*|\d+|[-+!&|=<>?:;(){},])")
_BINARY = {  # binds tighter the higher; whether it is right associative
    "->": (1, True), "<->": (2, False), "?": (3, True), "|": (4, False), "&": (5, False),
    "=": (6, False), "!=": (6, False), "<": (6, False), "<=": (6, False), ">": (6, False), ">=": (6, False),
    "+": (8, False), "-": (8, False),
}  # fmt: skip
_PYTHON = {"=": "==", "<->": "==", "|": "or", "&": "and"}


class _Reader:
    def __init__(self, text: str) -> None:
        text = re.sub(r"--.*", "", text)
        self.tokens: list[str] = []
        at = 0
        while text[at:].strip():
            m = _TOKEN.match(text, at)
            assert m, text[at : at + 40]
            self.tokens.append(m[1])
            at = m.end()
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        assert token, f"{wanted} expected at the end"
        assert wanted in ("", token), f"{wanted} expected, not {token}"
        self.at += 1
        return token

    def expression(self, level: int = 0) -> str:
        """An expression in Python, with every operator in brackets."""
        left = self.operand()
        while True:
            op = self.peek()
            binds, right = _BINARY.get(op, (-1, False))
            if binds < level or binds < 0:
                return left
            self.take()
            if op == "?":
                then = self.expression(0)
                self.take(":")
                left = f"({then} if {left} else {self.expression(binds)})"
                continue
            b = self.expression(binds if right else binds + 1)
            left = f"((not {left}) or {b})" if op == "->" else f"({left} {_PYTHON.get(op, op)} {b})"

    def operand(self) -> str:
        token = self.take()
        if token == "(":
            inner = self.expression()
            self.take(")")
            return inner
        if token == "!":
            return f"(not {self.operand()})"
        if token == "-":
            return f"(-{self.operand()})"
        assert re.fullmatch(r"\w+", token), token
        return token if token.isdigit() else {"TRUE": "True", "FALSE": "False"}.get(token, token)

    def domain(self) -> list[object]:
        if self.peek() == "boolean":
            self.take()
            return [False, True]
        if self.peek() == "{":
            self.take()
            values: list[object] = [self.take()]
            while self.peek() == ",":
                self.take()
                values.append(self.take())
            self.take("}")
            return values
        ends = [self._number()]
        self.take("..")
        ends.append(self._number())
        return list(range(ends[0], ends[1] + 1))

    def _number(self) -> int:
        sign = -1 if self.peek() == "-" and self.take() else 1
        return sign * int(self.take())


class _Model:
    def __init__(self, text: str) -> None:
        r = _Reader(text)
        self.variables: dict[str, list[object]] = {}
        self.inputs: dict[str, list[object]] = {}
        self.define: dict[str, str] = {}
        self.next: dict[str, list[tuple[str, str]]] = {}
        self.init: list[str] = []
        self.invariants: list[str] = []
        r.take("MODULE")
        r.take("main")
        section = ""
        while r.peek():
            if r.peek() in ("VAR", "IVAR", "DEFINE", "ASSIGN"):
                section = r.take()
            elif r.peek() == "INIT":
                r.take()
                self.init.append(r.expression())
                r.take(";")
            elif r.peek() == "INVARSPEC":
                r.take()
                r.take("NAME")
                r.take()
                r.take(":=")
                self.invariants.append(r.expression())
                r.take(";")
            elif section in ("VAR", "IVAR"):
                name = r.take()
                r.take(":")
                (self.variables if section == "VAR" else self.inputs)[name] = r.domain()
                r.take(";")
            elif section == "DEFINE":
                name = r.take()
                r.take(":=")
                self.define[name] = r.expression()
                r.take(";")
            else:
                assert section == "ASSIGN"
                r.take("next")
                r.take("(")
                name = r.take()
                r.take(")")
                r.take(":=")
                self.next[name] = self._cases(r)
                r.take(";")

    @staticmethod
    def _cases(r: _Reader) -> list[tuple[str, str]]:
        if r.peek() != "case":
            return [("True", r.expression())]
        r.take()
        cases = []
        while r.peek() != "esac":
            condition = r.expression()
            r.take(":")
            cases.append((condition, r.expression()))
            r.take(";")
        r.take("esac")
        return cases


def read_smv(text: str, of_steps: list[bool]) -> Answer:
    """What is reached, and at which depth each invariant fails."""
    m = _Model(text)
    constants = {v: v for values in (*m.variables.values(), *m.inputs.values()) for v in values if isinstance(v, str)}
    assert not constants.keys() & (m.variables.keys() | m.define.keys()), "a value has the name of a variable"
    # Definitions come before their use, so they can be worked out in their order; where an event's value matters, per event.
    defined = [(name, _code(e)) for name, e in m.define.items()]
    following = [(name, [(_code(c), _code(v)) for c, v in cases]) for name, cases in m.next.items()]
    assert m.next.keys() == m.variables.keys()
    init, invariants = [_code(e) for e in m.init], [_code(e) for e in m.invariants]
    names = list(m.variables)
    events = [dict(zip(m.inputs, c, strict=True)) for c in product(*m.inputs.values())]

    def scope(state: tuple[object, ...], event: dict[str, object]) -> dict[str, object]:
        env = {**constants, **dict(zip(names, state, strict=True)), **event}
        for name, code in defined:
            env[name] = eval(code, env)  # the text is our own
        return env

    level = []
    for s in product(*m.variables.values()) if not _pins(m) else _candidates(m):
        env = scope(s, events[0])
        if all(eval(c, env) for c in init):
            level.append(s)
    visited = set(level)
    depth, deepest = 0, 0
    violated: dict[int, int | None] = {}
    while level:
        deepest = depth
        new = []
        for s in level:
            env = scope(s, events[0])
            for k, code in enumerate(invariants):
                if k not in violated and not eval(code, env):
                    violated[k] = depth + of_steps[k]
            for event in events:
                env = scope(s, event)
                t = tuple(next(eval(v, env) for c, v in cases if eval(c, env)) for _, cases in following)
                assert all(x in m.variables[n] for n, x in zip(names, t, strict=True)), "a value leaves its domain"
                if t not in visited:
                    visited.add(t)
                    new.append(t)
        level = new
        depth += 1
    return Answer(len(visited), None, deepest, violated)


def _code(expression: str) -> CodeType:
    return compile(expression, "<smv>", "eval")


def _pins(m: _Model) -> dict[str, str]:
    """Initial values that are given outright: there are too many candidates otherwise."""
    found = {}
    for e in m.init:
        plain = (
            re.fullmatch(r"\((\w+) == ([\w-]+)\)", e) or re.fullmatch(r"()(\w+)", e) or re.fullmatch(r"\(not (\w+)\)()", e)
        )
        if plain and (plain[1] or plain[2]) in m.variables:
            found[plain[1] or plain[2]] = plain[2] if plain[1] and plain[2] else "True" if plain[2] else "False"
    return found


def _candidates(m: _Model) -> list[tuple[object, ...]]:
    pins = _pins(m)
    return list(product(*([x for x in d if n not in pins or str(x) == pins[n]] for n, d in m.variables.items())))
