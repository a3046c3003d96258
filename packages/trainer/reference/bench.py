"""One measurement of torch, transformers and peft: `bench.py WHAT FOLDER [STEPS]`, as scripts/bench/measure.ts. Prints one line of JSON."""
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

what, folder, steps = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 6
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


if what == "step":
    batch = dict(input_ids=torch.tensor([ids(128, i) for i in range(4)]), labels=torch.tensor([ids(32, i + 50) for i in range(4)]))
    wrapped = adapted()
    optimizer = torch.optim.AdamW([p for p in wrapped.parameters() if p.requires_grad], lr=1e-3)
    times = []
    for _ in range(steps):
        begin = time.perf_counter()
        optimizer.zero_grad()
        wrapped(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(wrapped.parameters(), 1.0)
        optimizer.step()
        times.append(time.perf_counter() - begin)
    value = min(times[1:]) * 1e3
elif what == "job":
    rows = [dict(input_ids=r["inputIds"], labels=r["labels"]) for r in json.loads((folder / "rows.json").read_text())]
    with tempfile.TemporaryDirectory() as output:
        arguments = TrainingArguments(output_dir=output, per_device_train_batch_size=8, num_train_epochs=1, learning_rate=1e-3,
                                      save_strategy="no", logging_strategy="no", report_to=[], use_cpu=True, disable_tqdm=True)
        trainer = Trainer(model=adapted(), args=arguments, train_dataset=rows, data_collator=collate)
        begin = time.perf_counter()
        trainer.train()
        value = len(rows) / (time.perf_counter() - begin)
else:
    batch = torch.tensor([ids(128, i) for i in range(8)])
    settings = dict(attention_mask=torch.ones_like(batch), do_sample=False, num_beams=1)
    model.eval().generate(input_ids=batch, max_new_tokens=2, **settings)
    begin = time.perf_counter()
    made = model.generate(input_ids=batch, max_new_tokens=32, min_new_tokens=32, **settings)
    value = made[:, 1:].numel() / (time.perf_counter() - begin)

print(json.dumps(dict(backend="torch", value=value, peakBytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)))
