"""Stand-in for transformers 4.x: configuration and model bases, outputs, activations."""
from .configuration_utils import PretrainedConfig, PreTrainedConfig
from .modeling_utils import PreTrainedModel
from .generation import GenerationMixin, GenerationConfig
from .activations import ACT2FN
from . import activations, modeling_outputs, modeling_utils, configuration_utils, cache_utils, generation, utils
from .cache_utils import Cache, DynamicCache, StaticCache
from transformers_not_modelled import (
    AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer, AutoProcessor,
    AutoImageProcessor, AutoFeatureExtractor, PreTrainedTokenizerFast, PreTrainedTokenizer, PreTrainedTokenizerBase,
    Trainer, TrainingArguments, DataCollatorForLanguageModeling, TextStreamer, TextIteratorStreamer,
    GPT2LMHeadModel, GPT2Model, GPT2Tokenizer, GPT2Config, BertModel, BertTokenizer, BertConfig, CLIPModel,
    CLIPTextModel, CLIPTokenizer, CLIPProcessor, CLIPVisionModel, T5EncoderModel, T5Tokenizer, LlamaConfig,
    LlamaForCausalLM, LlamaTokenizer, LlamaModel, SiglipModel, SiglipProcessor, SiglipVisionModel,
    get_linear_schedule_with_warmup, get_cosine_schedule_with_warmup, set_seed, pipeline, BitsAndBytesConfig,
    StoppingCriteria, StoppingCriteriaList, LogitsProcessor, LogitsProcessorList, HfArgumentParser,
)
