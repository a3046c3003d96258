"""The models of the golden files: each a few thousand random weights, each of a kind of its own."""

T5 = dict(
    model_type="t5", vocab_size=40, d_model=16, d_kv=6, d_ff=24, num_layers=2, num_decoder_layers=2, num_heads=2,
    relative_attention_num_buckets=8, relative_attention_max_distance=16, dropout_rate=0.0, pad_token_id=0, eos_token_id=1,
    decoder_start_token_id=0,
)
LLAMA = dict(
    model_type="llama", vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=64, rms_norm_eps=1e-5, tie_word_embeddings=False, pad_token_id=0,
    bos_token_id=2, eos_token_id=1, initializer_range=0.3,
)
GPT2 = dict(
    model_type="gpt2", vocab_size=40, n_embd=16, n_layer=2, n_head=2, n_positions=64, resid_pdrop=0.0, embd_pdrop=0.0,
    attn_pdrop=0.0, bos_token_id=2, eos_token_id=1, initializer_range=0.3,
)
BERT = dict(
    model_type="bert", vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
    max_position_embeddings=32, type_vocab_size=2, hidden_act="gelu", hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0, layer_norm_eps=1e-12, pad_token_id=0, initializer_range=0.3,
    id2label={str(i): name for i, name in enumerate(["admin", "games", "net"])},
    label2id={"admin": 0, "games": 1, "net": 2},
)
ALL = "all-linear"

# name -> config, dtype of the file, LoRA settings, training settings
CASES = {
    "t5-v1.0-tied": dict(config=T5 | dict(feed_forward_proj="relu"), dtype="float32", lora=dict(target_modules=["q", "v"])),
    "t5-v1.1-untied": dict(
        config=T5 | dict(feed_forward_proj="gated-gelu", tie_word_embeddings=False), untied=True, dtype="bfloat16",
        lora=dict(target_modules=ALL),
    ),
    "t5-v1.1-tied-unscaled": dict(
        config=T5 | dict(feed_forward_proj="gated-gelu", tie_word_embeddings=False), dtype="float16",
        lora=dict(target_modules=r".*encoder.*\.(q|wo)", use_rslora=True), training=dict(label_smoothing=0.1),
    ),
    "gpt2": dict(
        config=GPT2, dtype="float32", lora=dict(target_modules=["c_attn", "mlp.c_proj"]), training=dict(decay="cosine", warmup_steps=10),
    ),
    "llama-3-scaled": dict(
        config=LLAMA | dict(rope_theta=500.0, tie_word_embeddings=True, rope_scaling=dict(
            rope_type="llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=2.0, original_max_position_embeddings=16)),
        dtype="bfloat16", lora=dict(target_modules=ALL),
    ),
    "llama-linear-bias": dict(
        config=LLAMA | dict(attention_bias=True, mlp_bias=True, rope_scaling=dict(rope_type="linear", factor=2.0)),
        dtype="float16", sharded=True,
        lora=dict(target_modules=["q_proj", "down_proj"], layers_to_transform=[1], modules_to_save=["lm_head"]),
    ),
    "mistral-windowed": dict(
        config=LLAMA | dict(model_type="mistral", head_dim=6, sliding_window=4), dtype="float32",
        lora=dict(target_modules=["q_proj", "v_proj"]), training=dict(decay="constant"),
    ),
    "qwen2-yarn": dict(
        config=LLAMA | dict(model_type="qwen2", tie_word_embeddings=True, rope_scaling=dict(
            rope_type="yarn", factor=4.0, original_max_position_embeddings=16)),
        dtype="bfloat16", lora=dict(target_modules=["k_proj", "gate_proj"]),
    ),
    "qwen3": dict(config=LLAMA | dict(model_type="qwen3", head_dim=6), dtype="float16", lora=dict(target_modules=ALL)),
    "t5-v1.1-dora": dict(
        config=T5 | dict(feed_forward_proj="gated-gelu", tie_word_embeddings=False), untied=True, dtype="float32",
        lora=dict(target_modules=ALL, use_dora=True),
    ),
    "gpt2-dora": dict(config=GPT2, dtype="float32", lora=dict(target_modules=["c_attn", "mlp.c_proj"], use_dora=True)),
    "bert-classifier": dict(config=BERT, dtype="float32", lora=dict(target_modules=["query", "value"])),
}
