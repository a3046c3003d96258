"""What transformers' generate makes of the models of the golden files, row by row, and what its filters leave to sample from.

    python generation.py GOLDEN OUT
"""
import json
import sys
from pathlib import Path

import torch
import transformers
from transformers import (
    LogitsProcessorList, RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper,
)

from golden import MODELS, TASKS

CASES = ["t5-v1.0-tied", "t5-v1.1-untied", "gpt2", "llama-3-scaled", "mistral-windowed", "qwen3"]
STOPS = [1, 5, 9, 13, 17, 21]
# Our names; several stop tokens make many texts end early, as the vocabulary is small.
SETTINGS = [
    dict(),
    dict(stopIds=STOPS),
    dict(repetitionPenalty=1.3),
    dict(repetitionPenalty=0.7, stopIds=STOPS),
    dict(numBeams=4),
    dict(numBeams=4, stopIds=STOPS),
    dict(numBeams=3, lengthPenalty=0.0, stopIds=STOPS),
    dict(numBeams=3, lengthPenalty=2.5, stopIds=STOPS),
    dict(numBeams=3, lengthPenalty=-1.0, stopIds=STOPS),
    dict(numBeams=5, earlyStopping=True, stopIds=STOPS),
    dict(numBeams=2, earlyStopping="never", lengthPenalty=1.5, stopIds=STOPS),
    dict(numBeams=3, repetitionPenalty=1.4, stopIds=STOPS),
]
NAMES = dict(numBeams="num_beams", lengthPenalty="length_penalty", earlyStopping="early_stopping",
             repetitionPenalty="repetition_penalty", stopIds="eos_token_id")
NEW_TOKENS = 12
FILTERS = [dict(temperature=t, topK=k, topP=p, repetitionPenalty=r)
           for t, k, p, r in [(1.0, 0, 1.0, 1.0), (0.7, 5, 1.0, 1.0), (1.3, 0, 0.8, 1.0), (0.9, 12, 0.6, 1.2), (1.0, 3, 0.1, 1.0),
                              (2.0, 0, 0.95, 1.5)]]


def generate(model, task, input_ids, settings):
    given = {NAMES[name]: value for name, value in settings.items()}
    given.setdefault("eos_token_id", [1])
    source = torch.tensor([input_ids])
    ids = model.generate(input_ids=source, attention_mask=torch.ones_like(source), max_new_tokens=NEW_TOKENS, do_sample=False,
                         pad_token_id=0, **given)[0].tolist()
    made = ids[len(input_ids):] if task == "CAUSAL_LM" else ids[1:]
    ends = [i for i, token in enumerate(made) if token in given["eos_token_id"]]
    return made[: ends[0]] if ends else made


def distribution(logits, history, filters):
    steps = LogitsProcessorList([RepetitionPenaltyLogitsProcessor(filters["repetitionPenalty"]),
                                 TemperatureLogitsWarper(filters["temperature"])])
    if filters["topK"] > 0:
        steps.append(TopKLogitsWarper(filters["topK"]))
    if filters["topP"] < 1:
        steps.append(TopPLogitsWarper(filters["topP"]))
    return torch.softmax(steps(torch.tensor([history]), logits[None].clone()), -1)[0].tolist()


torch.set_num_threads(1)
golden = Path(sys.argv[1])
generations, distributions = [], []
for name in CASES:
    facts = json.loads((golden / name / "golden.json").read_text())
    task = TASKS.get(json.loads((golden / name / "config.json").read_text())["model_type"], "CAUSAL_LM")
    model = MODELS[task].from_pretrained(golden / name, dtype=torch.float32).eval()
    for settings in SETTINGS:
        ids = [generate(model, task, example["inputIds"], settings) for example in facts["examples"]]
        generations.append(dict(case=name, settings=settings, ids=ids))
for seed in range(3):
    logits = torch.randn(24, generator=torch.Generator().manual_seed(seed)) * 2
    logits[7] = logits[3]  # a tie
    history = [3, 3, 11, 0]
    for filters in FILTERS:
        distributions.append(dict(logits=logits.tolist(), history=history, filters=filters,
                                  probabilities=distribution(logits, history, filters)))
with open(sys.argv[2], "w") as file:
    json.dump(dict(versions=dict(torch=torch.__version__, transformers=transformers.__version__), newTokens=NEW_TOKENS,
                   generations=generations, distributions=distributions), file, separators=(",", ":"))
    file.write("\n")
