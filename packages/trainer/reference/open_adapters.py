"""Opens adapters that the trainer wrote and compares what they compute.

    python open_adapters.py GOLDEN OURS    OURS/<case>/{adapter_config.json,adapter_model.safetensors,logits.safetensors}
Prints one line of JSON: the largest difference of a logit for every case.
"""
import json
import sys
from pathlib import Path

import torch
from peft import PeftModel
from safetensors.torch import load_file

from golden import MODELS, collate, label_logits

golden, ours = Path(sys.argv[1]), Path(sys.argv[2])
distances = {}
for folder in sorted(ours.iterdir()):
    facts = json.loads((golden / folder.name / "golden.json").read_text())
    model = MODELS[facts["task"]].from_pretrained(golden / folder.name, dtype=torch.float32)
    opened = PeftModel.from_pretrained(model, folder).eval()
    with torch.no_grad():
        logits, _ = label_logits(opened, facts["task"], collate(facts["task"], facts["examples"]))
    distances[folder.name] = (logits - load_file(folder / "logits.safetensors")["logits"]).abs().max().item()
print(json.dumps(distances))
