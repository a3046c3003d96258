"""Writes golden files: what transformers and peft compute with tiny random models.

    python golden.py OUT [CASE ...]
"""
import copy
import json
import random
import sys
from pathlib import Path

import peft
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoModelForSequenceClassification
from transformers.generation import GenerationMixin

from cases import CASES

# peft 0.21 asks for a method that transformers 5.18 has renamed.
if not hasattr(GenerationMixin, "_prepare_encoder_decoder_kwargs_for_generation"):
    GenerationMixin._prepare_encoder_decoder_kwargs_for_generation = GenerationMixin._prepare_text_encoder_decoder_kwargs_for_generation

TASKS = {"t5": "SEQ_2_SEQ_LM", "bert": "SEQ_CLS"}
MODELS = {"SEQ_2_SEQ_LM": AutoModelForSeq2SeqLM, "SEQ_CLS": AutoModelForSequenceClassification, "CAUSAL_LM": AutoModelForCausalLM}
NEW_TOKENS = 10
STEPS = 100


def make_model(case, folder):
    torch.manual_seed(0)
    config = AutoConfig.for_model(**case["config"])
    task = TASKS.get(config.model_type, "CAUSAL_LM")
    model = MODELS[task].from_config(config)
    if case.get("untied"):
        model.lm_head.weight = torch.nn.Parameter(torch.randn_like(model.lm_head.weight))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() == 1:  # fresh norms and biases are ones and zeros, which would hide mistakes
                weight.add_(torch.randn_like(weight) * 0.1)
    model.to(getattr(torch, case["dtype"])).save_pretrained(folder, max_shard_size="4KB" if case.get("sharded") else "1GB")
    # The file's own config: under the names that models on the Hub have.
    (folder / "config.json").write_text(json.dumps(case["config"], indent=1) + "\n")
    return MODELS[task].from_pretrained(folder, dtype=torch.float32).eval(), task


def make_examples(task):
    draw = random.Random(1)
    row = lambda longest: [3 + draw.randrange(37) for _ in range(1 + draw.randrange(longest))]
    if task == "SEQ_CLS":
        return [dict(inputIds=[2, *row(9), 1], labels=[draw.randrange(3)]) for _ in range(6)]
    return [dict(inputIds=[*row(9), 1], labels=[*row(6), 1]) for _ in range(6)]


def pad(rows, value, left=False):
    longest = max(map(len, rows))
    return torch.tensor([[value] * (longest - len(r)) + r if left else r + [value] * (longest - len(r)) for r in rows])


def mask_of(rows, left=False):
    return pad([[1] * len(r) for r in rows], 0, left)


def collate(task, examples):
    sources, labels = [e["inputIds"] for e in examples], [e["labels"] for e in examples]
    if task == "SEQ_2_SEQ_LM":
        return dict(input_ids=pad(sources, 0), attention_mask=mask_of(sources), labels=pad(labels, -100))
    if task == "SEQ_CLS":
        return dict(input_ids=pad(sources, 0), attention_mask=mask_of(sources), labels=torch.tensor([l[0] for l in labels]))
    whole = [s + l for s, l in zip(sources, labels)]
    return dict(input_ids=pad(whole, 0), attention_mask=mask_of(whole),
                labels=pad([[-100] * len(s) + l for s, l in zip(sources, labels)], -100))


def label_logits(model, task, batch):
    """The logits of every label, row by row without padding."""
    logits = model(**{k: v for k, v in batch.items() if k != "labels" or task == "SEQ_2_SEQ_LM"}).logits
    labels = batch["labels"]
    if task == "SEQ_CLS":
        return logits, labels
    if task == "CAUSAL_LM":
        logits, labels = logits[:, :-1], labels[:, 1:]
    return logits[labels != -100], labels[labels != -100]


def mean_loss(logits, labels, smoothing=0.0):
    """As transformers' LabelSmoother."""
    log_probs = -torch.log_softmax(logits, -1)
    chosen = log_probs.gather(-1, labels[:, None]).squeeze(-1)
    return ((1 - smoothing) * chosen + smoothing * log_probs.mean(-1)).mean()


def generate(model, task, examples):
    if task == "SEQ_CLS":
        return model(**{k: v for k, v in collate(task, examples).items() if k != "labels"}).logits.argmax(-1)[:, None].tolist()
    sources = [e["inputIds"] for e in examples]
    left = task == "CAUSAL_LM"
    settings = dict(max_new_tokens=NEW_TOKENS, do_sample=False, num_beams=1, pad_token_id=0, eos_token_id=1)
    ids = model.generate(input_ids=pad(sources, 0, left), attention_mask=mask_of(sources, left), **settings)
    ids = ids[:, max(map(len, sources)) :] if left else ids[:, 1:]
    return [cut(row) for row in ids.tolist()]


def cut(row):
    return row[: row.index(1)] if 1 in row else row


def adapted(model, case, task):
    settings = dict(r=2, lora_alpha=4, lora_dropout=0.0, task_type=task) | case["lora"]
    wrapped = peft.get_peft_model(copy.deepcopy(model), peft.LoraConfig(**settings))
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, weight in wrapped.named_parameters():
            if "lora_" in name:
                weight.copy_(torch.randn(weight.shape, generator=generator) * 0.2)
    return wrapped.eval()


def schedule(optimizer, training):
    decay = training.get("decay", "linear")
    return transformers.get_scheduler(decay, optimizer, num_warmup_steps=training.get("warmup_steps", 0), num_training_steps=STEPS)


def loss_curve(wrapped, task, batch, training):
    """One batch, many steps, as transformers' Trainer takes them."""
    trained = [p for p in wrapped.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=5e-3, weight_decay=0.01)
    rates = schedule(optimizer, training)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = mean_loss(*label_logits(wrapped, task, batch), training.get("label_smoothing", 0.0))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        rates.step()
        losses.append(loss.item())
    return losses


def write_case(name, folder):
    case = CASES[name]
    folder.mkdir(parents=True, exist_ok=True)
    model, task = make_model(case, folder)
    examples = make_examples(task)
    batch = collate(task, examples)
    tensors = {}
    with torch.no_grad():
        tensors["logits"] = label_logits(model, task, batch)[0]
    generated = generate(model, task, examples)
    wrapped = adapted(model, case, task)
    wrapped.peft_config["default"].base_model_name_or_path = name
    wrapped.save_pretrained(folder / "adapter")
    training = case.get("training", {})
    loss = mean_loss(*label_logits(wrapped, task, batch), training.get("label_smoothing", 0.0))
    loss.backward()
    tensors["adapterLogits"] = label_logits(wrapped, task, batch)[0].detach()
    for parameter, value in wrapped.named_parameters():
        if value.requires_grad:
            tensors["gradient " + parameter.replace(".default", "").replace("modules_to_save.", "")] = value.grad.clone()
    adapter_generated = generate(wrapped, task, examples)
    tensors["lossCurve"] = torch.tensor(loss_curve(wrapped, task, batch, training))
    save_file({k: v.contiguous().float() for k, v in tensors.items()}, folder / "golden.safetensors")
    facts = dict(case=name, task=task, steps=STEPS, newTokens=NEW_TOKENS, training=training, loss=loss.item(), examples=examples,
                 generated=generated, adapterGenerated=adapter_generated,
                 versions=dict(torch=torch.__version__, transformers=transformers.__version__, peft=peft.__version__))
    (folder / "golden.json").write_text(json.dumps(facts, separators=(",", ":")) + "\n")
    for extra in ["adapter/README.md", "generation_config.json"]:
        (folder / extra).unlink(missing_ok=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    out = Path(sys.argv[1])
    for name in sys.argv[2:] or CASES:
        write_case(name, out / name)
        print(name, flush=True)
