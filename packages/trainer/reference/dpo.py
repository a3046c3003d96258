"""What DPO costs, and how it falls, with the adapters of the golden files: `dpo.py GOLDEN OUT`. The loss is TRL's `sigmoid`, written out."""
import json
import random
import sys
from pathlib import Path

import torch
import transformers
from peft import PeftModel

from golden import MODELS, TASKS, collate

CASES = ["t5-v1.0-tied", "t5-v1.1-untied", "gpt2", "llama-3-scaled"]
STEPS = 30
RATE = 5e-3


def log_likelihoods(model, task, rows):
    """Of every row's labels, given its prompt."""
    batch = collate(task, rows)
    logits = model(**{k: v for k, v in batch.items() if k != "labels" or task == "SEQ_2_SEQ_LM"}).logits
    labels = batch["labels"]
    if task == "CAUSAL_LM":
        logits, labels = logits[:, :-1], labels[:, 1:]
    scores = torch.log_softmax(logits, -1).gather(-1, labels.clamp(min=0)[..., None]).squeeze(-1)
    return (scores * (labels != -100)).sum(-1)


def differences(model, task, pairs):
    better = log_likelihoods(model, task, [dict(inputIds=p["inputIds"], labels=p["labels"]) for p in pairs])
    return better - log_likelihoods(model, task, [dict(inputIds=p["inputIds"], labels=p["rejectedLabels"]) for p in pairs])


def run(name, golden, beta):
    folder = golden / name
    facts = json.loads((folder / "golden.json").read_text())
    task = TASKS.get(json.loads((folder / "config.json").read_text())["model_type"], "CAUSAL_LM")
    base = MODELS[task].from_pretrained(folder, dtype=torch.float32)
    model = PeftModel.from_pretrained(base, folder / "adapter", is_trainable=True).eval()
    draw = random.Random(7)
    pairs = [dict(inputIds=e["inputIds"], labels=e["labels"], rejectedLabels=[*(3 + draw.randrange(37) for _ in range(1 + draw.randrange(6))), 1])
             for e in facts["examples"]]
    with torch.no_grad(), model.disable_adapter():
        reference = differences(model, task, pairs)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=RATE, weight_decay=0.0)
    losses, rights = [], []
    for _ in range(STEPS):
        optimizer.zero_grad()
        margins = beta * (differences(model, task, pairs) - reference)
        loss = -torch.nn.functional.logsigmoid(margins).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        losses.append(loss.item())
        rights.append((margins > 0).float().mean().item())
    return dict(case=name, beta=beta, learningRate=RATE, pairs=pairs, losses=losses, rights=rights)


torch.set_num_threads(1)
golden = Path(sys.argv[1])
cases = [run(name, golden, beta) for name, beta in zip(CASES, [0.1, 0.5, 0.1, 1.0])]
with open(sys.argv[2], "w") as file:
    json.dump(dict(versions=dict(torch=torch.__version__, transformers=transformers.__version__), cases=cases), file,
              separators=(",", ":"))
    file.write("\n")
