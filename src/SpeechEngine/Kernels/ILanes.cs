namespace SpeechEngine.Kernels;

/// <summary>
/// The arithmetic of one vector width. A kernel's body is written once over these operations and compiled once per width:
/// the type arguments are structs, so every call below becomes one instruction.
/// </summary>
/// <typeparam name="TVector">The register type: <c>Vector512&lt;float&gt;</c> and so on, or plain <c>float</c>.</typeparam>
unsafe interface ILanes<TVector>
{
    /// <summary>Floats in a vector.</summary>
    static abstract int Count { get; }

    static abstract TVector Create(float value);

    static abstract TVector Load(float* source);

    static abstract void Store(TVector value, float* destination);

    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector Subtract(TVector left, TVector right);

    static abstract TVector Multiply(TVector left, TVector right);

    static abstract TVector Divide(TVector left, TVector right);

    /// <summary>a·b + c, rounded once where the machine can.</summary>
    static abstract TVector Fma(TVector a, TVector b, TVector c);

    static abstract TVector Max(TVector left, TVector right);

    static abstract TVector Min(TVector left, TVector right);

    static abstract TVector Round(TVector value);

    /// <summary>2^n for lanes that hold whole numbers -126..127.</summary>
    static abstract TVector PowerOfTwo(TVector exponent);

    /// <summary>Sum over the lanes.</summary>
    static abstract float Sum(TVector value);

    /// <summary>Largest lane.</summary>
    static abstract float Largest(TVector value);

    /// <summary>
    /// Widens binary16 bits to value·2^-112: the bits are moved into the float's fields and the exponent keeps the smaller bias.
    /// The caller multiplies the result of a whole product by 2^112 instead of every element.
    /// </summary>
    static abstract TVector LoadHalfBits(ushort* source);

    /// <summary>Widens signed bytes.</summary>
    static abstract TVector LoadBytes(sbyte* source);

    /// <summary>Rounds to binary16 and stores the bits, as <see cref="HalfBits.From"/> does.</summary>
    static abstract void StoreHalfBits(TVector value, ushort* destination);
}
