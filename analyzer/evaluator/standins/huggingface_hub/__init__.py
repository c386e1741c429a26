"""Stand-in for huggingface_hub 1.x: mixins add loading and saving, nothing is downloaded."""
from kernels import unmodelled


class ModelHubMixin:
    def __init_subclass__(cls, *, repo_url=None, paper_url=None, docs_url=None, model_card_template=None,
                          language=None, library_name=None, license=None, license_name=None, license_link=None,
                          pipeline_tag=None, tags=None, coders=None, **options):
        super().__init_subclass__(**options)

    def __new__(cls, *args, **kwargs):
        return super().__new__(cls)

    def save_pretrained(self, save_directory, *, config=None, repo_id=None, push_to_hub=False,
                        model_card_kwargs=None, **push_to_hub_kwargs):
        return None

    def push_to_hub(self, repo_id, *, config=None, commit_message="Push model using huggingface_hub.", private=None,
                    token=None, branch=None, create_pr=None, allow_patterns=None, ignore_patterns=None,
                    delete_patterns=None, model_card_kwargs=None):
        return None

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path, *, force_download=False, token=None, cache_dir=None,
                        local_files_only=False, revision=None, **model_kwargs):
        unmodelled("huggingface_hub: weights are not loaded")


class PyTorchModelHubMixin(ModelHubMixin):
    pass
