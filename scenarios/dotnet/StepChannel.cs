using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace WxBench;

/// <summary>The observer went away; there is nobody left to work for.</summary>
internal sealed class ObserverGoneException : Exception;

/// <summary>
/// The step protocol: at each point of interest the program says where it is and waits until whoever watches it from
/// outside has looked. WXBENCH_STEP_FDS=R,W names two inherited pipe descriptors; a step is the line
/// `step ROUND NAME -` on W (the dash: this program does not know its own live bytes) and one newline read from R.
/// Without the variable nothing is written and nothing waited for.
/// </summary>
internal sealed class StepChannel
{
    private const string Variable = "WXBENCH_STEP_FDS";

    private readonly Stream? _answers;
    private readonly Stream? _steps;

    private StepChannel(Stream? answers, Stream? steps)
    {
        _answers = answers;
        _steps = steps;
    }

    /// <summary>The channel that the environment names, or one that never waits.</summary>
    public static StepChannel FromEnvironment()
    {
        string? value = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(value))
        {
            return new StepChannel(null, null);
        }
        string[] parts = value.Split(',');
        if (parts.Length != 2)
        {
            throw new UsageException($"{Variable}='{value}': expected two descriptors, R,W");
        }
        return new StepChannel(Open(parts[0], FileAccess.Read, value), Open(parts[1], FileAccess.Write, value));
    }

    /// <summary>Runs the code of a step once, against memory, so that the first real step compiles nothing.</summary>
    public static void WarmUp()
    {
        var channel = new StepChannel(new MemoryStream([(byte)'\n']), new MemoryStream());
        channel.Step(0, "start");
    }

    /// <summary>Announces a step and waits for the answer. Throws ObserverGoneException when there is none.</summary>
    public void Step(int round, string name)
    {
        if (_steps is null || _answers is null)
        {
            return;
        }
        byte[] line = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"step {round} {name} -\n"));
        try
        {
            _steps.Write(line);
            int answer;
            do
            {
                answer = _answers.ReadByte();
            }
            while (answer >= 0 && answer != '\n');
            if (answer < 0)
            {
                throw new ObserverGoneException();
            }
        }
        catch (IOException)
        {
            throw new ObserverGoneException();
        }
        catch (UnauthorizedAccessException)
        {
            throw new UsageException($"{Variable}: a descriptor is not open, or not for this direction");
        }
    }

    private static FileStream Open(string text, FileAccess access, string value)
    {
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int descriptor))
        {
            throw new UsageException($"{Variable}='{value}': '{text}' is not a descriptor");
        }
        try
        {
            return new FileStream(new SafeFileHandle(descriptor, ownsHandle: false), access, bufferSize: 0);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"{Variable}='{value}': descriptor {descriptor} cannot be used");
        }
    }
}
