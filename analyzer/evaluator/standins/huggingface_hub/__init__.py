"""Stand-in for huggingface_hub 1.x: mixins add loading and saving, nothing is downloaded."""


class ModelHubMixin:
    def __init_subclass__(cls, *, repo_url=None, paper_url=None, docs_url=None, model_card_template=None,
                          language=None, library_name=None, license=None, license_name=None, license_link=None,
                          pipeline_tag=None, tags=None, coders=None, **options):
        super().__init_subclass__(**options)


class PyTorchModelHubMixin(ModelHubMixin):
    pass
