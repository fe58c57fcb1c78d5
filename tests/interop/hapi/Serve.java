// SPDX-License-Identifier: Apache-2.0
// HAPI FHIR's JPA server (R4, H2 in memory), started by HAPI's own test
// harness and left standing until it is killed.  Behind a proxy for TLS.
//   usage: java -cp ... Serve FILE       writes its base URL to FILE
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import ca.uhn.fhir.interceptor.api.Hook;
import ca.uhn.fhir.interceptor.api.Pointcut;
import ca.uhn.fhir.jpa.provider.BaseResourceProviderR4Test;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.api.RestOperationTypeEnum;
import ca.uhn.fhir.rest.api.server.RequestDetails;
import ca.uhn.fhir.rest.server.ApacheProxyAddressStrategy;
import ca.uhn.fhir.rest.server.interceptor.RequestValidatingInterceptor;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.junit.jupiter.api.Test;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/* What is written is judged by HL7's validator first; not the Bundle that
 * loads the patients, which takes it half a minute. */
class Judge extends RequestValidatingInterceptor {
	Judge(FhirInstanceValidator validator) {
		addValidatorModule(validator);
		setFailOnSeverity(ResultSeverityEnum.ERROR);
	}

	@Override
	@Hook(Pointcut.SERVER_INCOMING_REQUEST_POST_PROCESSED)
	public boolean incomingRequestPostProcessed(
	    RequestDetails details, HttpServletRequest request, HttpServletResponse response) {
		return details.getRestOperationType() == RestOperationTypeEnum.TRANSACTION ||
		    super.incomingRequestPostProcessed(details, request, response);
	}
}

public class Serve extends BaseResourceProviderR4Test {
	private static Path ready;

	@Test
	public void serve() throws Exception {
		var server = myServer.getRestfulServer();
		server.setDefaultResponseEncoding(EncodingEnum.JSON);
		server.setServerAddressStrategy(new ApacheProxyAddressStrategy(true));
		// As in the starter that public servers run: an equal search is answered
		// from memory for a minute.
		myStorageSettings.setReuseCachedSearchResultsForMillis(60_000L);
		server.registerInterceptor(new Judge(myAppCtx.getBean(FhirInstanceValidator.class)));
		Files.writeString(ready, myServerBase + "\n");
		Thread.sleep(Long.MAX_VALUE);
	}

	@Override
	protected boolean shouldLogClient() {
		return false;
	}

	public static void main(String[] args) {
		ready = Path.of(args[0]);
		var summary = new SummaryGeneratingListener();
		LauncherFactory.create().execute(
		    LauncherDiscoveryRequestBuilder.request().selectors(selectClass(Serve.class)).build(), summary);
		summary.getSummary().printFailuresTo(new PrintWriter(System.err));
		System.exit(1);
	}
}
