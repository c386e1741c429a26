import lightning as L
from lightning.pytorch.callbacks import ModelCheckpoint

from digits import DigitsModule
from nets import Classifier

if __name__ == "__main__":
    L.seed_everything(7)
    data = DigitsModule(batch_size=128)
    model = Classifier(width=32, rate=2e-3)
    trainer = L.Trainer(
        max_epochs=10,
        precision="bf16-mixed",
        gradient_clip_val=0.5,
        accumulate_grad_batches=4,
        callbacks=[ModelCheckpoint(monitor="val/loss")],
    )
    trainer.fit(model, datamodule=data)
