"""The networks of the comparison: 24 torchvision families, 52 of timm, 16 transformers and language models."""
import sys
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "fixtures" / "exported"))

TORCHVISION = """alexnet vgg11 vgg11_bn resnet18 resnet50 resnext50_32x4d wide_resnet50_2 densenet121 squeezenet1_0
googlenet inception_v3 mobilenet_v2 mobilenet_v3_small mnasnet0_5 shufflenet_v2_x0_5 regnet_x_400mf regnet_y_400mf
efficientnet_b0 efficientnet_v2_s convnext_tiny vit_b_16 swin_t swin_v2_t maxvit_t""".split()
TIMM = """resnet18 resnet50 resnet26d resnext50_32x4d seresnet50 ecaresnet26t resnetv2_50 res2net50_26w_4s regnety_002
efficientnet_b0 tf_efficientnetv2_b0 mobilenetv3_small_050 mobilenetv4_conv_small ghostnet_100 mnasnet_100
vit_tiny_patch16_224 deit_tiny_patch16_224 deit3_small_patch16_224 swin_tiny_patch4_window7_224 convnext_atto
convnextv2_atto mixer_s32_224 resmlp_12_224 gmlp_s16_224 poolformer_s12 convmixer_768_32 cait_xxs24_224
beit_base_patch16_224 eva02_tiny_patch14_224 levit_128s mobilevit_xxs edgenext_xx_small fastvit_t8 repvit_m0_9
coatnet_nano_rw_224 maxvit_nano_rw_256 pvt_v2_b0 xcit_nano_12_p16_224 nfnet_l0 hrnet_w18_small dla34 densenet121 dpn48b
repvgg_a0 rexnet_100 tinynet_e lcnet_035 pit_ti_224 crossvit_tiny_240 visformer_tiny regnetz_b16
efficientvit_b0""".split()
TOKENS, VOCABULARY = 16, 97


class Logits(nn.Module):
    """A model of `transformers` that gives one tensor."""

    def __init__(self, model, field):
        super().__init__()
        self.model, self.field = model, field

    def forward(self, x):
        return getattr(self.model(x), self.field)


def torchvision(name):
    def make():
        import torchvision.models as models
        more = dict(init_weights=True) if name in ("googlenet", "inception_v3") else {}
        net = models.get_model(name, weights=None, **more)
        size = 299 if name == "inception_v3" else 224
        return net, torch.randn(2, 3, size, size)
    return make


def timm(name):
    def make():
        import timm as library
        net = library.create_model(name, pretrained=False)
        return net, torch.randn(2, *net.default_cfg["input_size"])
    return make


def transformer(make_model, field="logits", image=False):
    def make():
        import transformers
        net = make_model(transformers)
        if hasattr(net, "config"):
            net.config.use_cache = False
        x = torch.randn(2, 3, 32, 32) if image else torch.randint(2, VOCABULARY, (2, TOKENS))
        return Logits(net, field), x
    return make


SMALL = dict(vocab_size=VOCABULARY, hidden_size=64, num_hidden_layers=2, num_attention_heads=4)
LONG = dict(max_position_embeddings=64)


class Encoder(nn.Module):
    """T5 without its decoder."""

    def __init__(self, model):
        super().__init__()
        self.encoder = model

    def forward(self, x):
        return self.encoder(x).last_hidden_state


def t5():
    import transformers as t
    config = t.T5Config(vocab_size=VOCABULARY, d_model=64, d_ff=96, d_kv=16, num_layers=2, num_heads=4)
    return Encoder(t.T5EncoderModel(config)), torch.randint(2, VOCABULARY, (2, TOKENS))


def nanogpt():
    from make import Gpt
    return Gpt(VOCABULARY, 64, TOKENS), torch.randint(0, VOCABULARY, (2, TOKENS))


TRANSFORMERS = {
    "bert": transformer(lambda t: t.BertForSequenceClassification(t.BertConfig(**SMALL, **LONG, intermediate_size=96))),
    "distilbert": transformer(lambda t: t.DistilBertForSequenceClassification(t.DistilBertConfig(
        vocab_size=VOCABULARY, dim=64, hidden_dim=96, n_layers=2, n_heads=4, **LONG))),
    "roberta": transformer(lambda t: t.RobertaForSequenceClassification(t.RobertaConfig(
        **SMALL, **LONG, intermediate_size=96))),
    "gpt2": transformer(lambda t: t.GPT2LMHeadModel(t.GPT2Config(
        vocab_size=VOCABULARY, n_embd=64, n_layer=2, n_head=4, n_positions=64))),
    "pythia": transformer(lambda t: t.GPTNeoXForCausalLM(t.GPTNeoXConfig(**SMALL, **LONG, intermediate_size=96))),
    "opt": transformer(lambda t: t.OPTForCausalLM(t.OPTConfig(
        **SMALL, **LONG, ffn_dim=96, word_embed_proj_dim=64))),
    "llama": transformer(lambda t: t.LlamaForCausalLM(t.LlamaConfig(
        **SMALL, **LONG, intermediate_size=96, num_key_value_heads=2))),
    "qwen3": transformer(lambda t: t.Qwen3ForCausalLM(t.Qwen3Config(
        **SMALL, **LONG, intermediate_size=96, num_key_value_heads=2, head_dim=16))),
    "qwen2": transformer(lambda t: t.Qwen2ForCausalLM(t.Qwen2Config(
        **SMALL, **LONG, intermediate_size=96, num_key_value_heads=2))),
    "phi": transformer(lambda t: t.PhiForCausalLM(t.PhiConfig(**SMALL, **LONG, intermediate_size=96))),
    "modernbert": transformer(lambda t: t.ModernBertForSequenceClassification(t.ModernBertConfig(
        **SMALL, **LONG, intermediate_size=96, local_attention=8, global_attn_every_n_layers=2, pad_token_id=0,
        bos_token_id=1, eos_token_id=1, cls_token_id=1, sep_token_id=1))),
    "gemma2": transformer(lambda t: t.Gemma2ForCausalLM(t.Gemma2Config(
        **SMALL, **LONG, intermediate_size=96, num_key_value_heads=2, head_dim=16, sliding_window=8))),
    "vit": transformer(lambda t: t.ViTForImageClassification(t.ViTConfig(
        hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96, image_size=32, patch_size=8)),
        image=True),
    "vitmae": transformer(lambda t: t.ViTMAEForPreTraining(t.ViTMAEConfig(
        hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96, image_size=32, patch_size=8,
        decoder_hidden_size=32, decoder_num_hidden_layers=1, decoder_num_attention_heads=4, decoder_intermediate_size=64,
        mask_ratio=0.0)), image=True),
    "t5": t5,
}

NETWORKS = {f"torchvision/{name}": torchvision(name) for name in TORCHVISION}
NETWORKS |= {f"timm/{name}": timm(name) for name in TIMM}
NETWORKS |= {f"transformers/{name}": make for name, make in TRANSFORMERS.items()}
NETWORKS["transformers/nanogpt"] = nanogpt


def family(name):
    return name.split("/")[0]
