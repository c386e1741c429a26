from torchvision_not_modelled import (
    Compose, ToTensor, Normalize, Resize, CenterCrop, RandomCrop, RandomHorizontalFlip, RandomResizedCrop, Lambda,
    ToPILImage, ColorJitter, RandomApply, RandomGrayscale, GaussianBlur, InterpolationMode, functional, v2, Grayscale,
    RandomErasing, RandomRotation, RandomAffine, Pad, PILToTensor, ConvertImageDtype,
)
