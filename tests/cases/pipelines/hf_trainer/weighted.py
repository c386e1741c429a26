from torch import nn
from transformers import AutoModelForSequenceClassification, Trainer, TrainingArguments


class WeightedTrainer(Trainer):
    def compute_loss(self, model, inputs, return_outputs=False):
        labels = inputs.pop("labels")
        outputs = model(**inputs)
        criterion = nn.CrossEntropyLoss(label_smoothing=0.2)
        loss = criterion(outputs.logits, labels)
        return (loss, outputs) if return_outputs else loss


def run(rows):
    network = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased", num_labels=2)
    trainer = WeightedTrainer(
        network, TrainingArguments("out", max_grad_norm=0, max_steps=500, gradient_checkpointing=True), train_dataset=rows
    )
    trainer.train(resume_from_checkpoint=True)


if __name__ == "__main__":
    run([])
