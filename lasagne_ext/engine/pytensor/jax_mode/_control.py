"""Ops that hold graphs, choose between them, check and print; and loops.

PyTensor's Scan runs on ``jax.lax.scan``, and on ``jax.lax.while_loop`` where a condition ends it. In Scan's
terms, of what a step reads and writes: a *sequence* is read one entry a step; a *mit-sot* or
*sit-sot* state is read at several earlier steps, or one, and written once; a *mit-mot* state, which
gradients of the former need, is read and written at several places that move with the steps; a
*nit-sot* output is only written; an *untraced* state keeps its last value only.
"""
import jax
import jax.numpy as jnp
import numpy as np
from pytensor.compile.builders import OpFromGraph
from pytensor.conditional.op import IfElse, LazyIfElse
from pytensor.printing import Print
from pytensor.raise_op import CheckAndRaise
from pytensor.scan.op import Scan

from lasagne_ext.engine.pytensor.jax_mode._errors import UnknownInside, UntraceableError
from lasagne_ext.engine.pytensor.jax_mode._trace import Deferred, Graph, conform, is_traced, stage


def _from_graph(node, implementation):
    run = Graph(node.op.fgraph, implementation)
    run.never_folded = True
    return run


def _lazy_if_else(node, implementation):
    branches = [Graph(branch.fgraph, implementation)
                for branch in (node.op.true_branch, node.op.false_branch)]

    def run(trace, condition, *inputs):
        return _choose(trace, node, condition, branches, [inputs, inputs])
    run.never_folded = True
    return run


def _if_else(node, implementation):
    count = node.op.n_outs

    def same(trace, *inputs):
        return list(inputs)

    def run(trace, condition, *inputs):
        return _choose(trace, node, condition, [same, same], [inputs[:count], inputs[count:]])
    run.never_folded = True
    return run


def _choose(trace, node, condition, branches, inputs):
    if is_traced(condition):
        checked = len(trace.exceptions)

        def body(branch, values):
            def run():
                with trace.inner() as failure:
                    outputs = [conform(stage(output), variable)
                               for output, variable in zip(branch(trace, *values), node.outputs)]
                    return outputs, failure()
            return run
        try:
            outputs, failure = jax.lax.cond(condition != 0, *map(body, branches, inputs))
        except (TypeError, UntraceableError):        # branches of different shapes, for one
            condition = trace.number(condition, node)
        else:
            if len(trace.exceptions) > checked:
                trace.fail(failure)
            return outputs
    taken = 0 if condition else 1
    return branches[taken](trace, *inputs[taken])


def _check(node, implementation):
    op = node.op

    def run(trace, value, *conditions):
        for condition in conditions:
            trace.check(condition, op.exc_type(op.msg))
        return [value]
    return run


def _print(node, implementation):
    op = node.op

    def run(trace, value):
        value = stage(value)

        def show(value):
            op.global_fn(op, np.array(value))
            return np.asarray(value)
        return [jax.pure_callback(show, jax.ShapeDtypeStruct(value.shape, value.dtype), value,
                                  vmap_method='sequential')]
    run.never_folded = True
    return run


def _scan(node, implementation):
    graph = Graph(node.op.fgraph, implementation)

    def run(trace, *inputs):
        loop = Loop(node, graph, trace, inputs)
        try:
            return (_run_while if node.op.info.as_while and loop.steps else _run)(loop)
        except UnknownInside as error:
            known = [trace.number(value, node) if value is error.tracer else value for value in inputs]
            if not any(value is error.tracer for value in inputs):
                raise
        return run(trace, *known)            # what the steps needed to know is the same for all
    run.never_folded = True
    return run


def _run(loop):
    def step(carry, entries):
        carry, rows, _, failure = loop.step(carry, entries)
        return carry, (rows, failure)

    carry, (rows, failures) = jax.lax.scan(step, loop.start(), loop.entries(), length=loop.steps)
    loop.report(failures.max(initial=0))
    return loop.results(carry, rows)


def _run_while(loop):
    """Return the outputs of a Scan with a condition that may make at least one step, and then does."""
    entries = loop.entries()
    first = jax.tree.map(lambda rows: rows[0], entries)
    _, rows, _, _ = jax.eval_shape(loop.step, loop.start(), first)
    rows = jax.tree.map(lambda row: jnp.zeros((loop.steps,) + row.shape, row.dtype), rows)

    def going(state):
        number, stopped, *_ = state
        return (number < loop.steps) & ~stopped

    def step(state):
        number, _, failure, carry, rows = state
        given = jax.tree.map(lambda rows: rows[number], entries)
        carry, made, condition, code = loop.step(carry, given)
        rows = jax.tree.map(lambda rows, row: jax.lax.dynamic_update_index_in_dim(rows, row, number, 0),
                            rows, made)
        return number + 1, condition != 0, jnp.where(failure == 0, code, failure), carry, rows

    start = jnp.zeros((), 'int64'), jnp.zeros((), 'bool'), jnp.zeros((), 'int32'), loop.start(), rows
    number, _, failure, carry, rows = jax.lax.while_loop(going, step, start)
    loop.report(failure)
    return loop.partial_results(carry, rows, number)


def _last_rows(loop, rows, length, count, most):
    """Return the last `length` of the first `count` rows, a traced number that is at least one.

    Where all `most` were to be kept, their number is what the data decide, and is assumed.
    """
    if length <= most - loop.steps + 1:                # so many there are after a single step
        return jax.lax.dynamic_slice_in_dim(rows, count - length, length)
    return Deferred(lambda: _known_rows(rows, length, loop.trace.integer(count, loop.node)))


def _known_rows(rows, length, count):
    return rows[max(0, count - length):count]


class Loop:
    """Scan with the values of its inputs: where its states start, what a step does, what it gives.

    Parameters
    ----------
    node : Apply
        The Scan.
    graph : Graph
        One step.
    trace : Trace
        The trace that it is part of.
    inputs : sequence of arrays
        The values of the node's inputs.
    """

    def __init__(self, node, graph, trace, inputs):
        self.node, self.trace, self._graph = node, trace, graph
        op, inputs = node.op, list(inputs)
        self.op, self.info = op, op.info
        self.steps = trace.integer(inputs[0], node)
        self._checked = len(trace.exceptions)
        if self.steps < 0:
            raise IndexError('a scan cannot run for %d steps' % self.steps)
        sequences = op.outer_seqs(inputs)
        for variable, value in zip(op.outer_seqs(node.inputs), sequences):
            if value.shape[0] < self.steps:
                raise ValueError('a scan of %d steps was given the sequence %s with %d entries'
                                 % (self.steps, variable, value.shape[0]))
        self._known_sequences = {variable: value[:self.steps] for variable, value
                                 in zip(graph.inputs, sequences) if not is_traced(value)}
        self._sequences = [stage(value)[:self.steps] for value in sequences]
        self._moving = [_Moving(stage(value), reads, writes, self.steps) for value, reads, writes
                        in zip(op.outer_mitmot(inputs), self.info.normalized_mit_mot_in_slices,
                               self.info.normalized_mit_mot_out_slices)]
        taps = self.info.mit_sot_in_slices + self.info.sit_sot_in_slices
        buffers = op.outer_mitsot(inputs) + op.outer_sitsot(inputs)
        self._states = [_State(stage(value), tap, self.steps) for value, tap in zip(buffers, taps)]
        self._untraced = [stage(value) for value in op.outer_untraced_sit_sot(inputs)]
        self._lengths = [trace.integer(value, node) for value in op.outer_nitsot(inputs)]
        self._constant = op.outer_non_seqs(inputs)

    def start(self):
        """Return what the first step is given by the steps before it."""
        return ([state.start for state in self._moving], [state.start for state in self._states],
                self._untraced)

    def entries(self):
        """Return what each step is given for itself, along the first axis."""
        return self._sequences, [state.entries for state in self._moving]

    def step(self, carry, entries):
        """Run one step: what it hands on, the rows it adds to its outputs, its condition, its failure."""
        moving, states, untraced = carry
        sequences, moving_entries = entries
        windows = [state.window(*given)
                   for state, *given in zip(self._moving, moving, moving_entries)]
        inputs = list(sequences)
        for state, window, given in zip(self._moving, windows, moving_entries):
            inputs += state.read(window, given)
        for state, past in zip(self._states, states):
            inputs += state.read(past)
        with self.trace.inner() as failure:
            made = self._graph(self.trace, *inputs, *untraced, *self._constant,
                               sequences=self._known_sequences)
            made = [conform(stage(value), variable)
                    for value, variable in zip(made, self._graph.outputs)]
            code = failure()
        for state, window, values in zip(self._moving, windows, self.op.inner_mitmot_outs_grouped(made)):
            state.write(window, values)
        values = self.op.inner_mitsot_outs(made) + self.op.inner_sitsot_outs(made)
        carry = ([window[1:] for window in windows],
                 [past[1:] + [value] for past, value in zip(states, values)],
                 self.op.inner_untraced_sit_sot_outs(made))
        rows = ([window[0] for window in windows],
                [value if state.keeps_rows else None for state, value in zip(self._states, values)],
                self.op.inner_nitsot_outs(made))
        return carry, rows, made[-1] if self.info.as_while else None, code

    def report(self, failure):
        """Hand on the failure of the steps."""
        if len(self.trace.exceptions) > self._checked:
            self.trace.fail(failure)

    def results(self, carry, rows):
        """Return the node's outputs, after all the steps."""
        moving, states, untraced = carry
        moving_rows, state_rows, output_rows = rows
        outputs = [state.result(*given) for state, *given in zip(self._moving, moving, moving_rows)]
        outputs += [state.result(*given) for state, *given in zip(self._states, states, state_rows)]
        outputs += [_fit(given, length) for given, length in zip(output_rows, self._lengths)]
        return outputs + list(untraced)

    def partial_results(self, carry, rows, steps):
        """Return the node's outputs after `steps`, a traced number; `rows` has room for all."""
        _, states, untraced = carry
        _, state_rows, output_rows = rows
        outputs = [state.partial_result(self, *given, steps)
                   for state, *given in zip(self._states, states, state_rows)]
        outputs += [_last_rows(self, given, length, steps, self.steps)
                    for given, length in zip(output_rows, self._lengths)]
        return outputs + list(untraced)


class _State:
    """Mit-sot or sit-sot state; `start` is its past, oldest first."""

    def __init__(self, buffer, taps, steps):
        self.buffer, self._taps, self._steps = buffer, taps, steps
        self.past = -min(taps)
        self.start = [buffer[number] for number in range(self.past)]
        self.keeps_rows = len(buffer) > self.past

    def read(self, past):
        return [past[tap] for tap in self._taps]

    def result(self, past, rows):
        if self._steps == 0:
            return self.buffer
        if not self.keeps_rows:
            return jnp.stack(past)[self.past - len(self.buffer):]
        return _fit(jnp.concatenate([self.buffer[:self.past], rows]), len(self.buffer))

    def partial_result(self, loop, past, rows, steps):
        if not self.keeps_rows:
            return self.result(past, rows)
        rows = jnp.concatenate([self.buffer[:self.past], rows])
        return _last_rows(loop, rows, len(self.buffer), steps + self.past, self.past + self._steps)


class _Moving:
    """Mit-mot state: a window moves over its buffer, one entry a step.

    The window reaches from the first place that a step reads or writes to the last that it writes. Its
    first entry is final after the step. `start` is the window at the first step but for its last entry.
    """

    def __init__(self, buffer, reads, writes, steps):
        self._buffer, self._reads, self._writes, self._steps = buffer, reads, writes, steps
        self._first, self._last = min(reads + writes), max(writes)
        self.start = [buffer[place] for place in range(self._first, self._last)]
        self.entries = {place: buffer[place:place + steps] for place in reads if place >= self._last}

    def window(self, start, entries):
        return start + [entries.get(self._last)]

    def read(self, window, entries):
        return [window[place - self._first] if place <= self._last else entries[place]
                for place in self._reads]

    def write(self, window, values):
        for place, value in zip(self._writes, values):
            window[place - self._first] = value

    def result(self, rest, rows):
        parts = [self._buffer[:self._first], rows]
        if rest:
            parts.append(jnp.stack(rest))
        return jnp.concatenate(parts + [self._buffer[self._last + self._steps:]])


def _fit(rows, length):
    """Return the last `length` rows, with zeros after them where there are fewer."""
    missing = length - len(rows)
    if missing <= 0:
        return rows[-missing:]
    return jnp.concatenate([rows, jnp.zeros((missing,) + rows.shape[1:], rows.dtype)])


IMPLEMENTATIONS = {CheckAndRaise: _check, IfElse: _if_else, LazyIfElse: _lazy_if_else,
                   OpFromGraph: _from_graph, Print: _print, Scan: _scan}
