import argparse


def defaults(model):
    return {"rate": 5e-4} if model == "wide" else {"rate": 1e-3}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="wide")
    parser.add_argument("--rate", type=float, default=None)
    args = parser.parse_args()
    for name, value in defaults(args.model).items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    print(args.rate)


if __name__ == "__main__":
    main()
