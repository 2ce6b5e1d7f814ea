"""Carrying effects: take a lane, fold, send, read back, settle. One failing system stops nothing else."""
