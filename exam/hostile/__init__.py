"""The rows of hostile text and hostile input: what people, files and catalogs may hold."""

from exam.hostile import catalogs, characters, effort, inert, patterns, size

ROWS = (*size.ROWS, *effort.ROWS, *characters.ROWS, *inert.ROWS, *catalogs.ROWS, *patterns.ROWS)
