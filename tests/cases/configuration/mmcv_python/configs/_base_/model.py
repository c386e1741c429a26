model = dict(
    type="Net",
    width=64,
    head=dict(type="Head", classes=10),
)
