import torch
from absl import app, flags
from ml_collections import config_flags

FLAGS = flags.FLAGS
config_flags.DEFINE_config_file("config", "configs/default.py", "File with the settings.")
flags.DEFINE_integer("epochs", 4, "Passes over the data.")
flags.DEFINE_bool("fast", False, "Skip the checks.")
_ROUNDS = flags.DEFINE_integer("rounds", default=2, help="Rounds of an epoch.")


def main(argv):
    config = FLAGS.config
    model = torch.nn.Linear(config.width, config.model.depth)
    optimizer = torch.optim.SGD(model.parameters(), lr=config.learning_rate)
    for _ in range(FLAGS.epochs * _ROUNDS.value):
        model(torch.ones(config.data.batch, config.width)).sum().backward()
        optimizer.step()


if __name__ == "__main__":
    app.run(main)
