"""The kernels' plain twins: a few lines of torch each, in whatever dtype they are given, row by row."""

import torch


def embed(sources, table, vectors, scale):
    return torch.where(
        (sources >= 0)[:, None], table[sources.clamp(min=0)] * scale, vectors[(-1 - sources).clamp(min=0)]
    )


def _rstd(x, eps):
    return torch.rsqrt(x.square().mean(-1) + eps)


def add_norm(h, delta, post, weight, eps, dtype):
    post_rstd = h.new_zeros(len(h))
    if delta is not None:
        if post is not None:
            post_rstd = _rstd(delta, eps)
            delta = delta * post_rstd[:, None] * post
        h = h + delta
    rstd = _rstd(h, eps)
    return h, (h * rstd[:, None] * weight).to(dtype), rstd, post_rstd


def _through_norm(pull, x, rstd, weight):
    pull, value = pull * weight, x * rstd[..., None]
    return rstd[..., None] * (pull - value * (pull * value).mean(-1, keepdim=True))


def norm_backward(dx, h, rstd, weight, dh, delta, post_rstd, post):
    dh = _through_norm(dx, h, rstd, weight) + (0 if dh is None else dh)
    return dh, dh if post is None else _through_norm(dh, delta, post_rstd, post)


def _gated(gate_up, gelu):
    g, u = gate_up.chunk(2, -1)
    return (torch.nn.functional.gelu(g, approximate="tanh") if gelu else torch.nn.functional.silu(g)) * u


def gate(gate_up, gelu):
    return _gated(gate_up, gelu)


def gate_backward(gate_up, dout, gelu):
    with torch.enable_grad():
        leaf = gate_up.detach().requires_grad_(True)
        return torch.autograd.grad(_gated(leaf, gelu), leaf, dout)[0]


def _turn(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def rotate(qkv, positions, cos, sin, heads, queries, weight, eps):
    w = 2 * cos.shape[1]
    x = qkv[:, : heads * w].unflatten(1, (heads, w))
    rstd = _rstd(x, eps)
    if weight is not None:
        x = x * rstd[..., None] * weight[(torch.arange(heads) >= queries).long()]
    turned = _turn(x, cos[positions.long(), None], sin[positions.long(), None]).flatten(1)
    return (torch.cat([turned, qkv[:, heads * w :]], 1) if weight is None else turned), rstd


def head_norm_backward(dqkv, qkv, rstd, weight, queries):
    heads, w = rstd.shape[1], weight.shape[1]
    part = slice(0, heads * w)
    pull, x = (t[:, part].unflatten(1, (heads, w)) for t in (dqkv, qkv))
    dqkv[:, part] = _through_norm(pull, x, rstd, weight[(torch.arange(heads) >= queries).long()]).flatten(1)


def _rows(packing):
    """Yield each row's slice of the packed positions."""
    seen = {(s, n) for s, n in zip(packing.block_starts.tolist(), packing.block_lengths.tolist(), strict=True) if n}
    return [slice(start, start + length) for start, length in sorted(seen)]


def _attended(qk, v, queries, keys, scale, window):
    n, w = len(qk), v.shape[1] // keys
    q, k = qk[:, : (queries + keys) * w].unflatten(1, (queries + keys, w)).split([queries, keys], 1)
    v = v.unflatten(1, (keys, w))
    k, v = (t.repeat_interleave(queries // keys, 1) for t in (k, v))
    scores = torch.einsum("qhw,khw->hqk", q, k) * scale
    behind = torch.arange(n)[:, None] - torch.arange(n)[None]
    scores = scores.masked_fill((behind < 0) | ((behind >= window) if window else False), -torch.inf)
    return torch.einsum("hqk,khw->qhw", scores.softmax(-1), v).flatten(1), scores.logsumexp(-1)


def attend(qk, v, packing, queries, keys, scale, window):
    w = v.shape[1] // keys
    out, lse = qk.new_zeros(len(qk), queries * w), qk.new_zeros(queries, len(qk))
    for row in _rows(packing):
        out[row], lse[:, row] = _attended(qk[row], v[row], queries, keys, scale, window)
    return out, lse / torch.tensor(2.0).log().item()


def attend_backward(qk, v, packing, queries, keys, scale, window, cos, sin, out, lse, dout):
    w = v.shape[1] // keys
    heads = queries + keys
    dqkv = qk.new_zeros(len(qk), (heads + keys) * w)
    for row in _rows(packing):
        with torch.enable_grad():
            leaf, leaf_v = (t[row].detach().requires_grad_(True) for t in (qk[:, : heads * w], v))
            attended, _ = _attended(leaf, leaf_v, queries, keys, scale, window)
            dqk, dv = torch.autograd.grad(attended, (leaf, leaf_v), dout[row])
        at = packing.positions[row].long()
        back = _turn(dqk.unflatten(1, (heads, w)), cos[at, None], -sin[at, None])
        dqkv[row] = torch.cat([back.flatten(1), dv], 1)
    return dqkv


def sharpened_loss(logits, ids, weights, sharpness, margins, losses, dtype):
    own = logits.gather(1, ids[:, None])[:, 0]
    margins.copy_(own - logits.scatter(1, ids[:, None], -torch.inf).amax(1))
    losses.copy_(torch.nn.functional.cross_entropy(logits * sharpness, ids, reduction="none"))
    p = (logits * sharpness).softmax(1)
    p.scatter_add_(1, ids[:, None], -torch.ones_like(own)[:, None])
    return (p * (weights * sharpness)[:, None]).to(dtype)
