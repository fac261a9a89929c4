using Microsoft.Extensions.Options;

namespace TranscriptionApi.Settings;

/// <summary>The server's settings for verbs that run without it: the same files and environment variables, the same refusals.</summary>
static class CommandSettings
{
    public static IConfiguration Read()
    {
        var configuration = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory }).Configuration;
        UnknownSettings.Check(configuration);
        return configuration;
    }

    /// <summary>One section, checked.</summary>
    /// <exception cref="OptionsValidationException">A value is outside its range.</exception>
    public static T Section<T>(this IConfiguration configuration, string section, IValidateOptions<T> validator)
        where T : class, new()
    {
        var options = configuration.GetSection(section).Get<T>() ?? new T();
        var validation = validator.Validate(name: null, options);
        return validation.Succeeded ? options : throw new OptionsValidationException(section, typeof(T), validation.Failures);
    }
}
