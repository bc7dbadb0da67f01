"""Trains Earmark's PRODUCT / ISSUE tagger on labelled conversations. The only room that imports PyTorch.

`earmark.train.job.train` does all of it; what needs no PyTorch (examples, noise, recipe, calibration, card)
can be imported without.
"""
