import lightning as L
from digits import DigitsModule
from nets import Classifier

model = Classifier.load_from_checkpoint("last.ckpt")
L.Trainer().predict(model, datamodule=DigitsModule())
