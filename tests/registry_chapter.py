"""The chapter's own functions, and echo states, among what the transversal tests walk through."""

from types import SimpleNamespace

import oracles_cells as of
import oracles_nets as nets_of
from problems import D_X, D_Y, Case, Grads, Out, maker, plain
from registry_layers import back_output, walk_output

from rnn import reference
from rnn.reference import cells as c
from rnn.reference import nets as n


def flat(run):
    """Let an `Output`'s oracle read the parameters of the chapter's net."""

    def of_chapter(xp, state, x, theta):
        return run(xp, state, x, SimpleNamespace(layer=theta, V=theta.V, c=theta.c))

    return of_chapter


def draw_chapter(net, rng, dtype):
    return reference.init_theta(rng, D_X, 4, D_Y, dtype)


def walk_chapter(p, **options):
    run = reference.forward(p.state, p.x, p.theta, p.lengths, **options)
    return Out(run.o, run.state, run)


def back_chapter(p, run):
    given = p.state, p.x, p.theta, p.lengths
    found = reference.backward(p.grad_h, run, *given, grad_last=p.grad_state)
    return Grads(found.grad, found.grad_x, found.grad_state, None)


def echoing(name, layer, oracle):
    """Return the case of an echo state network whose readout is no longer zero."""

    def draw(net, rng, dtype):
        theta = net.init_theta(rng, D_X, 4, D_Y, radius=0.9, density=0.8, dtype=dtype)
        V, bias = rng.normal(size=(D_Y, 4)), rng.normal(size=D_Y)
        return theta._replace(V=V.astype(dtype), c=bias.astype(dtype))

    net, run = n.EchoState(layer), nets_of.output(nets_of.layer(oracle)).run
    tags = frozenset(["causal", "lengths", "state", "empty"])
    return Case(name, maker(net, plain, draw, walk_output), run, tags, walk_output, back_output)


CHAPTER = [
    Case(
        "chapter",
        maker(reference, plain, draw_chapter, walk_chapter),
        flat(nets_of.output(nets_of.layer(of.rnn())).run),
        frozenset(["causal", "lengths", "state", "empty"]),
        walk_chapter,
        back_chapter,
    ),
]

ECHOES = [
    echoing("echo-state-rnn", c.RNN(), of.rnn()),
    echoing("echo-state-leaky", c.Leaky(c.RNN(), 0.3), of.leaky(of.rnn())),
]
