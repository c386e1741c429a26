"""Transforms of waveforms to spectra, with their buffers and sizes."""
import torch
from torch import nn

from kernels import result, unmodelled


class Spectrogram(nn.Module):
    def __init__(
        self, n_fft=400, win_length=None, hop_length=None, pad=0, window_fn=torch.hann_window, power=2.0,
        normalized=False, wkwargs=None, center=True, pad_mode="reflect", onesided=True, return_complex=None,
    ):
        super().__init__()
        self.n_fft = n_fft
        self.win_length = win_length if win_length is not None else n_fft
        self.hop_length = hop_length if hop_length is not None else self.win_length // 2
        self.register_buffer("window", window_fn(self.win_length, **(wkwargs or {})))
        self.pad, self.power, self.normalized = pad, power, normalized
        self.center, self.pad_mode, self.onesided = center, pad_mode, onesided

    def forward(self, waveform):
        if self.pad > 0:
            waveform = nn.functional.pad(waveform, (self.pad, self.pad), "constant")
        spectrum = torch.stft(
            waveform.reshape(-1, waveform.shape[-1]), n_fft=self.n_fft, hop_length=self.hop_length,
            win_length=self.win_length, window=self.window, center=self.center, pad_mode=self.pad_mode,
            normalized=False, onesided=self.onesided, return_complex=True,
        )
        spectrum = spectrum.reshape(waveform.shape[:-1] + spectrum.shape[-2:])
        return spectrum if self.power is None else spectrum.abs().pow(self.power)


class MelScale(nn.Module):
    def __init__(self, n_mels=128, sample_rate=16000, f_min=0.0, f_max=None, n_stft=201, norm=None, mel_scale="htk"):
        super().__init__()
        self.n_mels, self.sample_rate, self.n_stft = n_mels, sample_rate, n_stft
        self.f_min, self.f_max = f_min, f_max if f_max is not None else float(sample_rate // 2)
        self.norm, self.mel_scale = norm, mel_scale
        self.register_buffer("fb", torch.empty(n_stft, n_mels))

    def forward(self, specgram):
        return torch.matmul(specgram.transpose(-1, -2), self.fb).transpose(-1, -2)


class MelSpectrogram(nn.Module):
    def __init__(
        self, sample_rate=16000, n_fft=400, win_length=None, hop_length=None, f_min=0.0, f_max=None, pad=0,
        n_mels=128, window_fn=torch.hann_window, power=2.0, normalized=False, wkwargs=None, center=True,
        pad_mode="reflect", onesided=None, norm=None, mel_scale="htk",
    ):
        super().__init__()
        self.sample_rate, self.n_fft, self.n_mels = sample_rate, n_fft, n_mels
        self.win_length = win_length if win_length is not None else n_fft
        self.hop_length = hop_length if hop_length is not None else self.win_length // 2
        self.spectrogram = Spectrogram(
            n_fft, self.win_length, self.hop_length, pad, window_fn, power, normalized, wkwargs, center, pad_mode,
        )
        self.mel_scale = MelScale(n_mels, sample_rate, f_min, f_max, n_fft // 2 + 1, norm, mel_scale)

    def forward(self, waveform):
        return self.mel_scale(self.spectrogram(waveform))


class AmplitudeToDB(nn.Module):
    def __init__(self, stype="power", top_db=None):
        super().__init__()
        self.stype, self.top_db = stype, top_db

    def forward(self, x):
        return result("torchaudio.transforms.AmplitudeToDB", x, x.shape)


class MFCC(nn.Module):
    def __init__(self, sample_rate=16000, n_mfcc=40, dct_type=2, norm="ortho", log_mels=False, melkwargs=None):
        super().__init__()
        self.sample_rate, self.n_mfcc, self.norm, self.log_mels = sample_rate, n_mfcc, norm, log_mels
        self.amplitude_to_DB = AmplitudeToDB("power", 80.0)
        self.MelSpectrogram = MelSpectrogram(sample_rate=sample_rate, **(melkwargs or {}))
        self.register_buffer("dct_mat", torch.empty(self.MelSpectrogram.n_mels, n_mfcc))

    def forward(self, waveform):
        mel = self.MelSpectrogram(waveform)
        mel = torch.log(mel + 1e-6) if self.log_mels else self.amplitude_to_DB(mel)
        return torch.matmul(mel.transpose(-1, -2), self.dct_mat).transpose(-1, -2)


class _Masking(nn.Module):
    def __init__(self, mask_param, iid_masks, p=1.0):
        super().__init__()
        self.mask_param, self.iid_masks, self.p = mask_param, iid_masks, p

    def forward(self, specgram, mask_value=0.0):
        return result("torchaudio: masked spectrogram", specgram, specgram.shape)


class FrequencyMasking(_Masking):
    def __init__(self, freq_mask_param, iid_masks=False):
        super().__init__(freq_mask_param, iid_masks)


class TimeMasking(_Masking):
    def __init__(self, time_mask_param, iid_masks=False, p=1.0):
        super().__init__(time_mask_param, iid_masks, p)


class Resample(nn.Module):
    def __init__(
        self, orig_freq=16000, new_freq=16000, resampling_method="sinc_interp_hann", lowpass_filter_width=6,
        rolloff=0.99, beta=None, *, dtype=None,
    ):
        super().__init__()
        self.orig_freq, self.new_freq = orig_freq, new_freq
        if orig_freq != new_freq:
            unmodelled("torchaudio.transforms.Resample to another rate")

    def forward(self, waveform):
        return waveform
