"""The rows of the network and the service: what goes wrong between Earmark and Genesys Cloud."""

from exam.network import bodies, failing, limits, pages, shapes, together, tokens

ROWS = (
    *limits.ROWS,
    *failing.ROWS,
    *bodies.ROWS,
    *shapes.ROWS,
    *pages.ROWS,
    *tokens.ROWS,
    *together.ROWS,
)
