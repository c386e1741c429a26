import click
import torch


@click.command()
@click.option("--width", default=32, show_default=True, help="Columns.")
@click.option("--lr", type=float, default=0.1)
def main(width, lr):
    model = torch.nn.Linear(width, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    model(torch.ones(1, width)).sum().backward()
    optimizer.step()


if __name__ == "__main__":
    main()
