using SpeechEngine.Loading;
using SpeechEngine.Quantising;

namespace SpeechEngine.Tests.Quantising;

/// <summary>Blocks of 32 values at the edges of the rounding rules, against the bytes that ggml (whisper.cpp 233fe1f) makes of them.</summary>
public sealed class BlockQuantiserTests
{
    [Theory]
    [InlineData("Q8_0", "ramp", "282081899098a0a7afb7bfc6ced6dde5edf4fc040c131b232a323a41495159606870")]
    [InlineData("Q8_0", "ties", "082c81899199a1a9b1b9c0c8d0d8e0e8f0f8000810182028303840474f575f676f77")]
    [InlineData("Q8_0", "zeros", "00000000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("Q8_0", "negative zeros first", "00000000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("Q8_0", "constant", "d6187f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f")]
    [InlineData("Q8_0", "negative peak", "0820817f00102030404f5f6f00102030404f5f6f00102030404f5f6f00102030404f")]
    [InlineData("Q8_0", "positive peak", "08207f8100102030404f5f6f00102030404f5f6f00102030404f5f6f00102030404f")]
    [InlineData("Q8_0", "zero minimum of negative sign", "d82500000004090d12161a1f23272c3035393d42464a4f53585c6065696d72767b7f")]
    [InlineData("Q8_0", "scale below binary16", "000081899199a1a9b1b9c0c8d0d8e0e8f0f8000810182028303840474f575f676f77")]
    [InlineData("Q8_0", "denormal scale", "040081899199a1a9b1b9c1c8d0d8e0e8f0f800081018202830383f474f575f676f77")]
    [InlineData("Q8_0", "no inverse", "00000000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("Q8_0", "smallest halves", "000081899199a1a9b1b9c0c8d0d8e0e8f0f8000810182028303840474f575f676f77")]
    [InlineData("Q8_0", "largest halves", "08607f810004080c1013171b1f23272b2f32363a3e42464a4e5155595d6165696d70")]
    [InlineData("Q5_1", "ramp", "002c20bc0000ffff00112233445566778899aabbccddeeff")]
    [InlineData("Q5_1", "ties", "003800c80000ffff00112233445566778899aabbccddeeff")]
    [InlineData("Q5_1", "zeros", "000000000000000000000000000000000000000000000000")]
    [InlineData("Q5_1", "negative zeros first", "000000800000000000000000000000000000000000000000")]
    [InlineData("Q5_1", "constant", "0000cd340000000000000000000000000000000000000000")]
    [InlineData("Q5_1", "negative peak", "212c00bcfeffffffb0df001133557799bbdd001133557799")]
    [InlineData("Q5_1", "positive peak", "212c00bcfdffffffbfd0001133557799bbdd001133557799")]
    [InlineData("Q5_1", "zero minimum of negative sign", "fd2d00800000fefff0001021324354658697a9bacbdcedfe")]
    [InlineData("Q5_1", "scale below binary16", "000000800000ffff00112233445566778899aabbccddeeff")]
    [InlineData("Q5_1", "denormal scale", "220019820000ffff00112233445566778899aabbccddeeff")]
    [InlineData("Q5_1", "no inverse", "000000800000000000000000000000000000000000000000")]
    [InlineData("Q5_1", "smallest halves", "010010800000ffff00112233445566778899aabbccddeeff")]
    [InlineData("Q5_1", "largest halves", "216cfffbfdffffff6f70708080819192a2a3b3b4c4c5d5d6")]
    [InlineData("Q5_0", "ramp", "202c0000ffff000112233445566778899aabbccddeef")]
    [InlineData("Q5_0", "ties", "00380000ffff00112233445566778899aabbccddeeff")]
    [InlineData("Q5_0", "zeros", "0080ffffffff00000000000000000000000000000000")]
    [InlineData("Q5_0", "negative zeros first", "0080ffffffff00000000000000000000000000000000")]
    [InlineData("Q5_0", "constant", "cda40000000000000000000000000000000000000000")]
    [InlineData("Q5_0", "negative peak", "002cfeffffffc0ef0022446688aaccee0022446688aa")]
    [InlineData("Q5_0", "positive peak", "00ac06040404402f00eeccaa8866442200eeccaa8866")]
    [InlineData("Q5_0", "zero minimum of negative sign", "cdb1070000008080707f6f6e5e4d4d3c3c2b2a1a1909")]
    [InlineData("Q5_0", "scale below binary16", "00000000ffff00112233445566778899aabbccddeeff")]
    [InlineData("Q5_0", "denormal scale", "22000000ffff00112233445566778899aabbccddeeff")]
    [InlineData("Q5_0", "no inverse", "00000000000000000000000000000000000000000000")]
    [InlineData("Q5_0", "smallest halves", "01000000ffff00112233445566778899aabbccddeeff")]
    [InlineData("Q5_0", "largest halves", "ffeb0e000000909f80807f7f6e6e5d5d4c4c3b3b2a2a")]
    [InlineData("Q4_1", "ramp", "223020bc80809191a2a2b3b3c4c4d5d5e6e6f7f7")]
    [InlineData("Q4_1", "ties", "223c00c880809191a2a2b3b3c4c4d5d5e6e6f7f7")]
    [InlineData("Q4_1", "zeros", "0000000000000000000000000000000000000000")]
    [InlineData("Q4_1", "negative zeros first", "0000008000000000000000000000000000000000")]
    [InlineData("Q4_1", "constant", "0000cd3400000000000000000000000000000000")]
    [InlineData("Q4_1", "negative peak", "443000bcd0ef778899aabbccddee778899aabbcc")]
    [InlineData("Q4_1", "positive peak", "443000bcdfe0778899aabbccddee778899aabbcc")]
    [InlineData("Q4_1", "zero minimum of negative sign", "303200807080809191a2a2b3b3c4c4d5d5e6e6f7")]
    [InlineData("Q4_1", "scale below binary16", "0000008080809191a2a2b3b3c4c4d5d5e6e6f7f7")]
    [InlineData("Q4_1", "denormal scale", "4500198280809191a2a2b3b3c4c4d5d5e6e6f7f7")]
    [InlineData("Q4_1", "no inverse", "0000008000000000000000000000000000000000")]
    [InlineData("Q4_1", "smallest halves", "0200108080809191a2a2b3b3c4c4d5d5e6e6f7f7")]
    [InlineData("Q4_1", "largest halves", "4470fffbbfb0b8b8c8c8c8c9d9d9d9dadaeaeaea")]
    [InlineData("Q4_0", "ramp", "203080809191a2a2b3b3c4c4d5d5e6e6f7f7")]
    [InlineData("Q4_0", "ties", "003c809191a2a2b3b3c4c4d5d5e6e6f7f7f8")]
    [InlineData("Q4_0", "zeros", "008088888888888888888888888888888888")]
    [InlineData("Q4_0", "negative zeros first", "008088888888888888888888888888888888")]
    [InlineData("Q4_0", "constant", "cda800000000000000000000000000000000")]
    [InlineData("Q4_0", "negative peak", "0030e0ff8899aabbccddeeff8899aabbccdd")]
    [InlineData("Q4_0", "positive peak", "00b0201f8877665544332211887766554433")]
    [InlineData("Q4_0", "zero minimum of negative sign", "cdb548484838373727272626161615150504")]
    [InlineData("Q4_0", "scale below binary16", "0000809191a2a2b3b3c4c4d5d5e6e6f7f7f8")]
    [InlineData("Q4_0", "denormal scale", "4300809191a2a2b3b3c4c4d5d5e6e6f7f7f8")]
    [InlineData("Q4_0", "no inverse", "000000000000000000000000000000000000")]
    [InlineData("Q4_0", "smallest halves", "0200809191a2a2b3b3c4c4d5d5e6e6f7f7f8")]
    [InlineData("Q4_0", "largest halves", "ffef504f4848483737373726262626151515")]
    public void Bytes_are_ggmls(string typeName, string values, string expected)
    {
        var type = Enum.Parse<TensorType>(typeName);
        var block = new byte[type.BlockBytes()];
        block.AsSpan().Fill(0xEE);

        Assert.True(BlockQuantiser.TryWrite(type, Values(values), block));

        Assert.Equal(expected, Convert.ToHexStringLower(block));
    }

    public static TheoryData<string, float> Unstorable()
    {
        var cases = new TheoryData<string, float>();
        foreach (var type in ModelQuantiser.Types)
        {
            // The last is finite, but no scale in binary16 reaches it.
            foreach (var value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e8f })
            {
                cases.Add(type.ToString(), value);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Unstorable))]
    public void What_a_block_cannot_hold_is_refused_wherever_it_stands(string typeName, float value)
    {
        var type = Enum.Parse<TensorType>(typeName);
        foreach (var place in new[] { 0, 13, 31 })
        {
            var values = Values("ramp");
            values[place] = value;
            Assert.False(BlockQuantiser.TryWrite(type, values, new byte[type.BlockBytes()]));
        }
    }

    static float[] Values(string name) => name switch
    {
        "ramp" => Each(i => ((i - 16) / 16.0) - 0.03125),
        "ties" => Each(i => (i - 16) * 0.5),
        "zeros" => new float[32],
        "negative zeros first" => Each(i => i % 2 == 0 ? -0.0 : 0.0),
        "constant" => Each(_ => 0.3),
        "negative peak" => Each(i => i switch { 0 => -1, 1 => 1, _ => 0.125 * ((i - 2) % 8) }),
        "positive peak" => Each(i => i switch { 0 => 1, 1 => -1, _ => 0.125 * ((i - 2) % 8) }),
        "zero minimum of negative sign" => Each(i => i switch { 0 => -0.0, 1 => 0.0, _ => 0.1 * (i - 2) }),
        "scale below binary16" => Each(i => (i - 16) * 1e-9),
        "denormal scale" => Each(i => (i - 16) * 2e-6),
        "no inverse" => Each(i => (i - 16) * 1e-40),
        "smallest halves" => Each(i => (i - 16) * Math.Pow(2, -24)),
        "largest halves" => Each(i => i switch { 0 => 65504, 1 => -65504, _ => (i - 2) * 2000.0 }),
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    static float[] Each(Func<int, double> value) => [.. Enumerable.Range(0, 32).Select(i => (float)value(i))];
}
