"""Makes LosscopeSans.ttf: Inter Regular cut down to the characters Losscope writes, with the few
mathematical signs that Inter lacks taken from Noto Sans Math and Noto Sans.

    python make.py Inter-Regular.otf NotoSansMath-Regular.ttf NotoSans-Regular.ttf LosscopeSans.ttf

Made with fonttools 4.68 from Debian 12's fonts-inter 4.0~beta7 and fonts-noto-core 20201225 (Noto
Sans Math 2.001, Noto Sans 2.004), all under the SIL Open Font License 1.1 (LICENSE-OFL.txt). The
result has its own name, so that it is never taken for an installed Inter.
"""

import sys

from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

FAMILY = "Losscope Sans"
COPYRIGHT = "Copyright 2016-2022 The Inter Project Authors; mathematical signs copyright 2015-2018 Google LLC"
RANGES = [
    (0x20, 0x7E), (0xA0, 0x17F), (0x302, 0x304), (0x391, 0x3C9), (0x3D1, 0x3D1), (0x3D5, 0x3D5),
    (0x3F5, 0x3F5), (0x2010, 0x2026), (0x2030, 0x2033), (0x2070, 0x209C), (0x2190, 0x2199),
    (0x21B5, 0x21B5), (0x21E7, 0x21E7), (0x2202, 0x2202), (0x2206, 0x2206), (0x220F, 0x2212),
    (0x221A, 0x221A), (0x221E, 0x221E), (0x222B, 0x222B), (0x2248, 0x2248), (0x2260, 0x2260),
    (0x2264, 0x2265), (0x2318, 0x2318), (0x2325, 0x2325), (0x25A0, 0x25CF), (0x2605, 0x2606),
    (0x2713, 0x2717), (0x1E7C, 0x1E7D),
]
BORROWED = "∇∈∉≡∝∼∀∃∥⊥⋅⟨⟩⌊⌋⌈⌉ℝᵀ√≪≫⊙⊗"


def main(inter, math, sans, out):
    font = TTFont(inter)
    unicodes = [c for a, b in RANGES for c in range(a, b + 1)]
    options = subset.Options()
    # Kerning and mark placement only: alternates would double the size for nothing.
    options.layout_features = ["kern", "mark", "mkmk", "ccmp", "locl"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.hinting = False
    options.notdef_outline = True
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=unicodes)
    cutter.subset(font)

    order = font.getGlyphOrder()
    outlines = font.getGlyphSet()
    glyphs = {}
    for name in order:
        pen = TTGlyphPen(None)
        outlines[name].draw(Cu2QuPen(pen, max_err=1.0, reverse_direction=True))
        glyphs[name] = pen.glyph()
    metrics = dict(font["hmtx"].metrics)
    codes = {}
    have = font.getBestCmap()
    for source in (TTFont(math), TTFont(sans)):
        scale = font["head"].unitsPerEm / source["head"].unitsPerEm
        lent, drawn = source.getBestCmap(), source.getGlyphSet()
        for sign in BORROWED:
            code = ord(sign)
            if code in have or code in codes or code not in lent:
                continue
            name = f"lent.{code:04X}"
            pen = TTGlyphPen(None)
            whole = DecomposingRecordingPen(drawn)
            drawn[lent[code]].draw(whole)
            whole.replay(TransformPen(Cu2QuPen(pen, max_err=1.0), (scale, 0, 0, scale, 0, 0)))
            glyphs[name] = pen.glyph()
            metrics[name] = (round(source["hmtx"][lent[code]][0] * scale), 0)
            codes[code] = name
            order.append(name)

    glyf = font["glyf"] = newTable("glyf")
    font["loca"] = newTable("loca")
    glyf.glyphOrder = order
    glyf.glyphs = glyphs
    del font["CFF "]
    if "VORG" in font:
        del font["VORG"]
    font.setGlyphOrder(order)
    for name, glyph in glyphs.items():
        glyph.recalcBounds(glyf)
        metrics[name] = (metrics[name][0], getattr(glyph, "xMin", 0))
    font["hmtx"].metrics = metrics
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap.update(codes)
    maxp = font["maxp"]
    maxp.tableVersion = 0x00010000
    for field, value in dict(
        maxZones=1, maxTwilightPoints=0, maxStorage=0, maxFunctionDefs=0, maxInstructionDefs=0,
        maxStackElements=0, maxSizeOfInstructions=0, maxComponentElements=0,
    ).items():
        setattr(maxp, field, value)
    font["post"].formatType = 3.0
    font["head"].glyphDataFormat = 0
    font.sfntVersion = "\x00\x01\x00\x00"
    font["OS/2"].achVendID = "LOSS"
    for record in font["name"].names:
        text = {0: COPYRIGHT, 1: FAMILY, 2: "Regular", 3: "LosscopeSans-Regular", 4: FAMILY, 6: "LosscopeSans-Regular"}
        if record.nameID in text:
            record.string = text[record.nameID]
    # The clock stays out of the file, so that the same sources give the same bytes.
    font.recalcTimestamp = False
    font.save(out)


main(*sys.argv[1:])
