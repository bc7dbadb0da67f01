"""Earmark's own PRODUCT / ISSUE model at run time: WordPiece, an ONNX encoder, and a CRF over words."""
