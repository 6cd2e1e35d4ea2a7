"""Writes the net as ONNX with what a reader must know in its metadata."""

import os

import onnx
import torch

from classes import VIEWS
from detect import MULTIPLE
from model import STRIDE, Exported

VERSION = "1"


def export(detector, task, path):
    """Replaces the file in one step, so that nobody loads half a model."""
    part = f"{path}.part"
    answers = ["scores", "distances"] + ["views"] * task.has_views
    free = {2: "rows", 3: "columns"}
    torch.onnx.export(
        Exported(detector).eval(),
        (torch.zeros(1, 1, 384, 512),),
        part,
        opset_version=17,
        dynamo=False,
        input_names=["pixels"],
        output_names=answers,
        dynamic_axes={"pixels": {2: "height", 3: "width"}, **dict.fromkeys(answers, free)},
    )
    graph = onnx.load(part)
    facts = {"kinds": "\n".join(task.kinds), "stride": str(STRIDE), "long_side": str(task.long_side), "multiple": str(MULTIPLE), "version": VERSION}
    if task.has_views:
        facts["views"] = "\n".join(VIEWS)
    onnx.helper.set_model_props(graph, facts)
    onnx.checker.check_model(graph)
    onnx.save(graph, part)
    os.replace(part, path)
