"""Trains a classifier's adapter on batches that the trainer chose, from the adapter that it started with.

    python sections.py MODEL FOLDER    FOLDER/{adapter_config.json,adapter_model.safetensors,plan.json}
Prints one line of JSON: the accuracy, the losses and the samples per second.
"""
import json
import sys
import time
from pathlib import Path

import torch
import transformers
from peft import PeftModel
from transformers import AutoModelForSequenceClassification

from golden import collate

model_folder, folder = sys.argv[1], Path(sys.argv[2])
plan = json.loads((folder / "plan.json").read_text())
torch.set_num_threads(plan["threads"])
base = AutoModelForSequenceClassification.from_pretrained(
    model_folder, dtype=torch.float32, num_labels=len(plan["labels"]), hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
)
model = PeftModel.from_pretrained(base, folder, is_trainable=True).train()
trained = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=plan["learningRate"], weight_decay=0.0)
rates = transformers.get_linear_schedule_with_warmup(optimizer, 0, len(plan["batches"]))
losses, begin = [], time.monotonic()
for rows in plan["batches"]:
    optimizer.zero_grad()
    loss = model(**collate("SEQ_CLS", rows)).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimizer.step()
    rates.step()
    losses.append(loss.item())
seconds = time.monotonic() - begin
model.eval()
right = 0
with torch.no_grad():
    for start in range(0, len(plan["validation"]), 32):
        batch = collate("SEQ_CLS", plan["validation"][start : start + 32])
        right += (model(**batch).logits.argmax(-1) == batch["labels"]).sum().item()
samples = sum(map(len, plan["batches"]))
print(json.dumps(dict(accuracy=right / len(plan["validation"]), losses=losses, samplesPerSecond=samples / seconds)))
