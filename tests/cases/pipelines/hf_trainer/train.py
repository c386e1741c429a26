from transformers import Trainer, TrainingArguments

from tagger import Tagger
from sentences import Sentences, collate


def main():
    arguments = TrainingArguments(
        output_dir="out",
        learning_rate=3e-4,
        weight_decay=0.01,
        per_device_train_batch_size=16,
        gradient_accumulation_steps=2,
        num_train_epochs=3,
        warmup_steps=100,
        lr_scheduler_type="cosine",
        max_grad_norm=0.5,
        bf16=True,
        optim="adamw_torch",
    )
    trainer = Trainer(
        model=Tagger(),
        args=arguments,
        train_dataset=Sentences([]),
        data_collator=collate,
    )
    trainer.train()
    trainer.save_model("out/best")


if __name__ == "__main__":
    main()
