"""torch, transformers and peft measured as scripts/bench/measure.ts does: `bench.py WHAT FOLDER`, once for every line on the input."""
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForSeq2SeqLM, Trainer, TrainingArguments

import golden

what, folder = sys.argv[1], Path(sys.argv[2])
STEPS = 5
torch.set_num_threads(2)
model = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32)


def ids(length, seed):
    return [2 + (i * 7919 + seed * 104729) % 8000 for i in range(length)]


def adapted():
    return get_peft_model(model, LoraConfig(r=8, lora_alpha=16, target_modules=["q", "v"], task_type="SEQ_2_SEQ_LM")).train()


def collate(rows):
    """Padded to the longest of the batch, as DataCollatorForSeq2Seq does."""
    inputs, labels = [r["input_ids"] for r in rows], [r["labels"] for r in rows]
    return dict(input_ids=golden.pad(inputs, 0), attention_mask=golden.mask_of(inputs), labels=golden.pad(labels, -100))


def step():
    """The median of some steps after one that is not counted, in milliseconds."""
    batch = dict(input_ids=torch.tensor([ids(128, i) for i in range(4)]), labels=torch.tensor([ids(32, i + 50) for i in range(4)]))
    times = []
    for _ in range(STEPS + 1):
        begin = time.perf_counter()
        optimizer.zero_grad()
        wrapped(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(wrapped.parameters(), 1.0)
        optimizer.step()
        times.append(time.perf_counter() - begin)
    return sorted(times[1:])[STEPS // 2] * 1e3


def job():
    """A run of Trainer over all rows, in samples per second."""
    rows = [dict(input_ids=r["inputIds"], labels=r["labels"]) for r in json.loads((folder / "rows.json").read_text())]
    with tempfile.TemporaryDirectory() as output:
        arguments = TrainingArguments(output_dir=output, per_device_train_batch_size=8, num_train_epochs=1, learning_rate=1e-3,
                                      save_strategy="no", logging_strategy="no", report_to=[], use_cpu=True, disable_tqdm=True)
        begin = time.perf_counter()
        Trainer(model=wrapped, args=arguments, train_dataset=rows, data_collator=collate).train()
        return len(rows) / (time.perf_counter() - begin)


def generate():
    """Tokens per second of eight rows."""
    batch = torch.tensor([ids(128, i) for i in range(8)])
    begin = time.perf_counter()
    with torch.inference_mode():
        made = model.generate(input_ids=batch, attention_mask=torch.ones_like(batch), do_sample=False, num_beams=1,
                              max_new_tokens=32, min_new_tokens=32)
    return made[:, 1:].numel() / (time.perf_counter() - begin)


if what == "generate":
    model.eval()
else:
    wrapped = adapted()
    optimizer = torch.optim.AdamW([p for p in wrapped.parameters() if p.requires_grad], lr=1e-3)
for _ in sys.stdin:
    value = dict(step=step, job=job, generate=generate)[what]()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(dict(value=value, peakBytes=peak)).replace(" ", ""), flush=True)
