using System.Runtime.CompilerServices;

namespace WxBench.Plugin;

/// <summary>
/// The DLL that the workload `alc` loads into one collectible context after another.
/// Visit makes one generic instantiation for each number from 1 to last: the binary digits of a number are spelled as a
/// type (Even and Odd are value types, so no code is shared), and each of these types has methods of its own to compile.
/// </summary>
public static class Entry
{
    public static int Run(int last, int seed) => Visit<Root>(1, last, seed);

    private static int Visit<T>(int number, int last, int seed) where T : struct
    {
        if (number > last)
        {
            return 0;
        }
        int sum = Node<T>.Value(number, seed);
        sum += Visit<Even<T>>(2 * number, last, seed);
        sum += Visit<Odd<T>>((2 * number) + 1, last, seed);
        return sum;
    }
}

internal struct Root;

internal struct Even<T>;

internal struct Odd<T>;

internal static class Node<T>
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int Value(int number, int seed) => (number * seed) ^ number;
}
