"""The learning rate of every step of transformers' Trainer: `schedules.py OUT`."""
import json
import sys
import tempfile

import torch
import transformers
from transformers import Trainer, TrainerCallback, TrainingArguments

# totalSteps, warmupSteps, decay
CASES = [(9, warmup, decay) for decay in ("linear", "cosine", "constant") for warmup in (0, 1, 3, 9)]
PEAK = 3e-3
NAMES = {"constant": "constant_with_warmup"}


class Line(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return {"loss": (self.weight * x).pow(2).mean()}


class Watch(TrainerCallback):
    def __init__(self):
        self.rates = []

    def on_pre_optimizer_step(self, args, state, control, optimizer=None, **kwargs):
        self.rates.append(optimizer.param_groups[0]["lr"])


def rates_of(total, warmup, decay):
    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(output_dir=folder, max_steps=total, warmup_steps=warmup, learning_rate=PEAK, use_cpu=True,
                                      lr_scheduler_type=NAMES.get(decay, decay), per_device_train_batch_size=1, report_to=[],
                                      save_strategy="no", logging_strategy="no", disable_tqdm=True)
        Trainer(model=Line(), args=arguments, train_dataset=[{"x": torch.ones(1)}] * total, callbacks=[watch]).train()
    return watch.rates


found = [dict(schedule=dict(totalSteps=total, warmupSteps=warmup, learningRate=PEAK, decay=decay), rates=rates_of(total, warmup, decay))
         for total, warmup, decay in CASES]
with open(sys.argv[1], "w") as file:
    json.dump(dict(versions=dict(transformers=transformers.__version__), schedules=found), file, indent=1)
    file.write("\n")
