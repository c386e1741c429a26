from datasets import load_dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer

NAME = "Qwen/Qwen2.5-0.5B"

if __name__ == "__main__":
    network = AutoModelForCausalLM.from_pretrained(NAME)
    tokens = AutoTokenizer.from_pretrained(NAME)
    pairs = load_dataset("trl-lib/ultrafeedback_binarized", split="train")
    settings = DPOConfig(output_dir="dpo", beta=0.2, learning_rate=5e-7, max_length=1024, gradient_accumulation_steps=8)
    trainer = DPOTrainer(
        model=network,
        args=settings,
        train_dataset=pairs,
        processing_class=tokens,
        peft_config=LoraConfig(r=16, lora_alpha=32),
    )
    trainer.train()
