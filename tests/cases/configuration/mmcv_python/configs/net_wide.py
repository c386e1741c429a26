_base_ = ["./_base_/model.py"]

model = dict(width=256, head=dict(classes=100))
optimizer = dict(type="SGD", lr=0.01, momentum=0.9)
max_epochs = 12
